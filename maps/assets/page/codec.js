// From the book's whole-number differences back to points, boxes and drawable paths.
function decode(line) {
  const points = new Float64Array(line.length);
  let x = 0;
  let y = 0;
  for (let i = 0; i < line.length; i += 2) {
    x += line[i];
    y += line[i + 1];
    points[i] = x;
    points[i + 1] = y;
  }
  return points;
}

/** One shape of several lines: its path (in frame metres), box and points. */
function shape(lines, closed) {
  const path = new Path2D();
  const parts = lines.map(decode);
  let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
  for (const points of parts) {
    for (let i = 0; i < points.length; i += 2) {
      const x = points[i], y = points[i + 1];
      if (i === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < north) north = y;
      if (y > south) south = y;
    }
    if (closed && points.length) path.closePath();
  }
  const size = parts.reduce((sum, points) => sum + points.length / 2, 0);
  return { path, parts, size, west, north, east, south };
}

const shapes = (lists, closed) => lists.map((lines) => shape(lines, closed));

const meets = (box, view) =>
  box.west <= view.east && box.east >= view.west && box.north <= view.south && box.south >= view.north;

// The half circumference of Web Mercator's sphere, metres.
const HALF_TURN_M = Math.PI * 6378137;

/** Latitude and longitude of a point of the frame. */
function toLatLng(x, y) {
  const point = L.point(book.frame.west + x, book.frame.north - y);
  return L.Projection.SphericalMercator.unproject(point);
}

function toFrame(latlng) {
  const point = L.Projection.SphericalMercator.project(latlng);
  return { x: point.x - book.frame.west, y: book.frame.north - point.y };
}

const boxBounds = (box) => L.latLngBounds(toLatLng(box.west, box.south), toLatLng(box.east, box.north));
