// Words and numbers in the reader's language. English templates are the keys.
const book = await unpack(document.getElementById("book").textContent);

const Words = {
  language: book.language,

  set(language) {
    Words.language = language === "en" ? "en" : "vi";
    document.documentElement.lang = Words.language;
  },

  /** A template in the current language, its {placeholders} filled in. */
  say(template, values = {}) {
    const text = Words.language === "vi" ? book.words[template] ?? template : template;
    return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
  },

  /** Text that the data carries in both languages. */
  pick(pair) {
    return pair[Words.language] ?? pair.en ?? "";
  },
};

const t = Words.say;

const NONE = "–";

function number(value, digits = 0) {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  return value.toLocaleString(Words.language === "vi" ? "vi-VN" : "en-GB", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function unit(value, digits, name) {
  return value === null || value === undefined ? NONE : `${number(value, digits)} ${name}`;
}

const percent = (value, digits = 1) => (value === null || value === undefined ? NONE : `${number(value, digits)} %`);

function dateTime(iso) {
  const when = new Date(iso);
  return when.toLocaleString(Words.language === "vi" ? "vi-VN" : "en-GB", { dateStyle: "long", timeStyle: "short" });
}

/** Lower case without diacritics, so that "dong van" finds "Đồng Văn". */
function fold(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
}

const TECHNOLOGY = { GSM: "2G", UMTS: "3G", LTE: "4G", NR: "5G" };

const PLACES = { outdoor: "Outdoors", in_vehicle: "In a vehicle", indoor: "Indoors" };

/** A name of the data inside a sentence: cut when it is long, and none of its marks turns the rest round. */
function quoted(name) {
  const short = name.length > 40 ? `${name.slice(0, 39)}…` : name;
  return /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(short) ? `\u2068${short}\u2069` : short;
}

const carrierName = (operator) => (operator === "*" ? t("Any carrier") : operator);
const technologyName = (technology) =>
  technology === "*"
    ? t("Counted ({names})", { names: book.study.technologies.map((name) => TECHNOLOGY[name] ?? name).join(" + ") })
    : TECHNOLOGY[technology] ?? technology;
