// The legend: each sign as the picture draws it, with its meaning.

/** The rows of the legend, in groups: a sign, drawn into 46 by 18 pixels, and what it means. */
function legendGroups() {
  const theme = colours();
  const role = (kind) => (ctx) => fillRole(ctx, kind, 1, 2, 44, 14);
  const message = (kind) => (ctx) => {
    const style = STYLES[kind];
    ctx.strokeStyle = theme[style.colour];
    ctx.fillStyle = theme[style.colour];
    ctx.lineWidth = style.width;
    ctx.setLineDash(style.dash);
    stroke(ctx, [[3, 4], [style.head === 'tick' ? 38 : 42, 14]]);
    ctx.setLineDash([]);
    head(ctx, style.head, 43, 14.3, 0.97, 0.24);
  };
  const timer = (dash) => (ctx) => {
    ctx.fillStyle = theme.timer;
    ctx.globalAlpha = 0.42;
    ctx.beginPath();
    ctx.moveTo(3, 16);
    ctx.lineTo(3, 2);
    ctx.lineTo(43, 16);
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.timerEdge;
    ctx.lineWidth = 1.4;
    ctx.setLineDash(dash);
    stroke(ctx, [[3, 16], [3, 2], [43, 16]]);
    ctx.setLineDash([]);
  };
  const ink = (colour, draw, width = 1.5) => (ctx) => {
    ctx.fillStyle = colour;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    draw(ctx, 23, 9);
  };
  const strip = (kind, colour) => (ctx) => {
    ctx.fillStyle = pattern(ctx, kind, colour);
    ctx.fillRect(1, 4, 44, 10);
  };
  return [
    ['Roles', Object.keys(ROLES).map((kind) => [role(kind), ROLES[kind]])],
    ['Election timer', [
      [timer([]), 'runs down from its reset to when it is due'],
      [timer([4, 3]), 'the same, concluded from the trace'],
      ...[['heartbeat', 'reset by a heartbeat'], ['grant', 'by a granted vote'], ['campaign', 'by its own campaign'], ['stepped_down', 'by stepping down'], ['start', 'by its start'], ['other', 'by something else']]
        .map(([kind, words]) => [ink(kind === 'other' ? theme.bad : theme.ink, RESET_GLYPHS[kind]), words]),
      [ink(theme.bad, burst), 'ran out: it campaigns'],
    ]],
    ['Messages', [
      [message('vote'), 'RequestVote'],
      [message('grant'), 'vote granted'],
      [message('refusal'), 'vote refused'],
      [message('pre_vote'), 'pre-vote; its answers are dashed too'],
      [message('heartbeat'), 'heartbeat'],
      [message('ok'), 'its answer'],
      [message('not_ok'), 'its answer: no success'],
      [message('transfer'), 'leadership transfer'],
      [ink(theme.bad, cross, 2), 'lost, and why'],
    ]],
    ['Servers', [
      [strip('crossed', theme.soft), 'down'],
      [ink(theme.bad, (ctx, x, y) => cross(ctx, x, y, 5), 2.4), 'crashes'],
      [ink(theme.grant, (ctx, x, y) => stroke(ctx, [[x, y + 6], [x, y - 6], null, [x - 4, y - 2], [x, y - 6], [x + 4, y - 2]]), 2), 'starts again'],
      [strip('stripes', theme.bad), 'cut off, or a link cut'],
      [ink(theme.disk, disk, 1.2), 'term and vote safe on disk'],
      [ink(theme.bad, flag, 2), 'a rule is broken'],
    ]],
  ];
}

let toldLegend = null;

function tellLegend() {
  const key = `${isDark()} ${window.devicePixelRatio}`;
  if (key === toldLegend) return;
  toldLegend = key;
  byId('legend-rows').replaceChildren(...legendGroups().map(([title, rows]) => element('div', { className: 'legend-group' },
    element('h3', { textContent: title }),
    element('ul', {}, ...rows.map(([draw, words]) => {
      const sign = element('canvas', { className: 'sign', 'aria-hidden': 'true' });
      draw(brushOf(sign, 46, 18));
      return element('li', {}, sign, element('span', { textContent: words }));
    })))));
}
