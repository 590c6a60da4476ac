// Small signs, each drawn about its centre; the legend draws the same ones.

/** A line through these points; null lifts the pen. */
function stroke(ctx, points) {
  ctx.beginPath();
  let down = false;
  for (const point of points) {
    if (point === null) down = false;
    else if (down) ctx.lineTo(point[0], point[1]);
    else {
      ctx.moveTo(point[0], point[1]);
      down = true;
    }
  }
  ctx.stroke();
}

/** What reset a timer. */
const RESET_GLYPHS = {
  heartbeat(ctx, x, y) {
    ctx.beginPath();
    ctx.moveTo(x, y + 4);
    ctx.bezierCurveTo(x - 7, y - 1, x - 3.5, y - 6, x, y - 2);
    ctx.bezierCurveTo(x + 3.5, y - 6, x + 7, y - 1, x, y + 4);
    ctx.fill();
  },
  grant(ctx, x, y) {
    stroke(ctx, [[x - 4, y], [x - 1, y + 3.5], [x + 4.5, y - 4]]);
  },
  campaign(ctx, x, y) {
    ctx.beginPath();
    ctx.moveTo(x - 3.5, y + 4.5);
    ctx.lineTo(x - 3.5, y - 4.5);
    ctx.lineTo(x + 4.5, y - 2);
    ctx.lineTo(x - 3.5, y + 0.5);
    ctx.fill();
    stroke(ctx, [[x - 3.5, y + 5], [x - 3.5, y - 5]]);
  },
  stepped_down(ctx, x, y) {
    stroke(ctx, [[x - 4, y - 4], [x, y - 4], [x, y + 4], null, [x - 3, y + 1], [x, y + 4], [x + 3, y + 1]]);
  },
  start(ctx, x, y) {
    ctx.beginPath();
    ctx.moveTo(x - 3, y - 4);
    ctx.lineTo(x + 4.5, y);
    ctx.lineTo(x - 3, y + 4);
    ctx.fill();
  },
  other(ctx, x, y) {
    ctx.beginPath();
    ctx.arc(x, y - 1.5, 2.6, Math.PI, 2.5 * Math.PI);
    ctx.lineTo(x, y + 2);
    ctx.stroke();
    ctx.fillRect(x - 0.8, y + 3.4, 1.6, 1.6);
  },
};

/** A timer ran out: a burst. */
function burst(ctx, x, y, size = 5.5) {
  ctx.beginPath();
  for (let i = 0; i < 16; i += 1) {
    const reach = i % 2 === 0 ? size : size * 0.45;
    ctx.lineTo(x + reach * Math.cos((i * Math.PI) / 8), y + reach * Math.sin((i * Math.PI) / 8));
  }
  ctx.fill();
}

/** A disk: what was saved. */
function disk(ctx, x, y) {
  ctx.beginPath();
  ctx.ellipse(x, y - 2.6, 3.6, 1.5, 0, 0, 2 * Math.PI);
  ctx.moveTo(x - 3.6, y - 2.6);
  ctx.lineTo(x - 3.6, y + 2.4);
  ctx.ellipse(x, y + 2.4, 3.6, 1.5, 0, Math.PI, 0, true);
  ctx.lineTo(x + 3.6, y - 2.6);
  ctx.stroke();
}

function cross(ctx, x, y, size = 4) {
  stroke(ctx, [[x - size, y - size], [x + size, y + size], null, [x - size, y + size], [x + size, y - size]]);
}

/** A flag on a pole: where a rule was broken. */
function flag(ctx, x, y) {
  ctx.beginPath();
  ctx.moveTo(x, y - 7);
  ctx.lineTo(x + 11, y - 3);
  ctx.lineTo(x, y + 1);
  ctx.fill();
  stroke(ctx, [[x, y - 8], [x, y + 8]]);
}

/** What a message ends in, at x, y, coming along (dx, dy) of length 1. */
function head(ctx, kind, x, y, dx, dy) {
  const at = (along, across) => [x - along * dx - across * dy, y - along * dy + across * dx];
  if (kind === 'arrow') {
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(...at(8, 3.4));
    ctx.lineTo(...at(8, -3.4));
    ctx.fill();
  } else if (kind === 'open') {
    stroke(ctx, [at(6, 3), [x, y], at(6, -3)]);
  } else if (kind === 'bar') {
    stroke(ctx, [at(1, 5.5), at(1, -5.5)]);
    stroke(ctx, [at(4.5, 5.5), at(4.5, -5.5)]);
  } else if (kind === 'tick') {
    const [cx, cy] = at(5, 0);
    ctx.beginPath();
    ctx.arc(cx, cy, 5, 0, 2 * Math.PI);
    ctx.fill();
    const ink = ctx.strokeStyle;
    ctx.strokeStyle = colours().paper;
    ctx.lineWidth = 1.5;
    stroke(ctx, [[cx - 2.4, cy], [cx - 0.6, cy + 2], [cx + 2.5, cy - 2]]);
    ctx.strokeStyle = ink;
  }
}

const widths = new Map();

function widthOf(ctx, text) {
  const key = `${ctx.font} ${text}`;
  if (!widths.has(key)) {
    if (widths.size > 5000) widths.clear();
    widths.set(key, ctx.measureText(text).width);
  }
  return widths.get(key);
}

/** As much of `text` as fits into `width`, with dots if it is not all; nothing if that says nothing. */
function fitted(ctx, text, width) {
  if (widthOf(ctx, text) <= width) return text;
  let length = Math.floor((text.length * width) / widthOf(ctx, text));
  while (length > 2 && widthOf(ctx, `${text.slice(0, length)}…`) > width) length -= 1;
  return length > 2 ? `${text.slice(0, length).trimEnd()}…` : '';
}

/** The first of the texts that fits, or the last, cut. */
function firstFitting(ctx, texts, width) {
  return texts.find((text) => widthOf(ctx, text) <= width) || fitted(ctx, texts[texts.length - 1], width);
}
