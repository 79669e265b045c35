// The book out of the page's text (packing.py): inflated, and its columns of bytes as lists again.
function bytesOf(base64) {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

async function unpack(base64) {
  if (!window.DecompressionStream) {
    document.getElementById("too-old").hidden = false;
    throw new Error("this browser has no DecompressionStream");
  }
  const inflated = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  // No JSON has a zero byte: the first one ends it.
  const end = bytes.indexOf(0);
  return listed(JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))), bytes.subarray(end + 1));
}

/** A value with the lists that lie in columns put back. */
function listed(value, columns) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((part) => listed(part, columns));
  if ("@numbers" in value) return numbersIn(columns, value["@numbers"]);
  const whole = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, listed(part, columns)]));
  if ("@texts" in whole) return textsOf(whole["@texts"]);
  return "@lines" in whole ? linesOf(whole["@lines"]) : whole;
}

/** Numbers by their bytes, the lowest of all first; 0, 1, 2, 3, ... stand for 0, -1, 1, -2, ..., with gaps 0 for none. */
function numbersIn(columns, { at, rows, planes, scale, steps, gaps }) {
  const codes = new Uint32Array(rows);
  for (let plane = 0; plane < planes; plane += 1) {
    for (let row = 0, from = at + plane * rows; row < rows; row += 1) codes[row] |= columns[from + row] << (8 * plane);
  }
  const numbers = new Array(rows);
  let last = 0;
  for (let row = 0; row < rows; row += 1) {
    if (gaps && codes[row] === 0) {
      numbers[row] = null;
      continue;
    }
    const code = codes[row] - gaps;
    const whole = (code >>> 1) ^ -(code & 1);
    last = steps ? last + whole : whole;
    numbers[row] = last / scale;
  }
  return numbers;
}

/** Texts that each keep so much of the one before, looked up row by row. */
function textsOf({ kept, rest, of }) {
  let last = "";
  const names = rest.map((text, i) => (last = last.slice(0, kept[i]) + text));
  return of.map((i) => names[i]);
}

/** Shapes of lines [x, y, dx, dy, ...] as one pen draws them all: each begins where the last one ended. */
function linesOf({ parts, points, x, y }) {
  const pen = { x: 0, y: 0 };
  let line = 0, at = 0;
  const draw = () => {
    const steps = new Array(2 * points[line]);
    for (let i = 0; i < steps.length; i += 2, at += 1) {
      pen.x += x[at];
      pen.y += y[at];
      steps[i] = i ? x[at] : pen.x;
      steps[i + 1] = i ? y[at] : pen.y;
    }
    line += 1;
    return steps;
  };
  return parts.map((count) => Array.from({ length: count }, draw));
}
