// The overview below the picture: the whole run, and where in it one looks.

const overview = document.getElementById('overview');

/** The run at a glance, drawn once for each size and theme; window and playhead lie on top of it. */
const whole = { canvas: document.createElement('canvas'), key: '' };

function drawOverview() {
  const { strip: width, stripHeight: height } = size;
  if (width === 0 || height === 0) return;
  const theme = colours();
  const x = (at) => ((at - run.begin) / runLength) * width;
  const ctx = brushOf(overview, width, height);
  const key = `${width} ${height} ${isDark()} ${window.devicePixelRatio}`;
  if (whole.key !== key) {
    whole.key = key;
    drawWhole(brushOf(whole.canvas, width, height), width, height, x);
  }
  ctx.drawImage(whole.canvas, 0, 0, width, height);
  if (view.horizon < run.begin + runLength) {
    ctx.fillStyle = theme.veil;
    ctx.fillRect(x(view.horizon), 0, width, height);
  }
  const from = clamp(x(view.begin), 0, width);
  const to = clamp(x(view.end), 0, width);
  ctx.fillStyle = theme.paper;
  ctx.globalAlpha = 0.5;
  ctx.fillRect(0, 0, from, height);
  ctx.fillRect(to, 0, width - to, height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = theme.playhead;
  ctx.lineWidth = 2;
  ctx.strokeRect(clamp(from, 1, width - 5), 1, Math.max(4, to - from - 2), height - 2);
  ctx.fillStyle = theme.playhead;
  ctx.fillRect(x(view.at) - 1, 0, 2, height);
}

function drawWhole(ctx, width, height, x) {
  const theme = colours();
  ctx.fillStyle = theme.lane;
  ctx.fillRect(0, 0, width, height);
  const below = 8; // elections, under the lanes
  const row = (height - below) / servers;
  run.lanes.forEach((lane, server) => {
    for (const span of lane.roles) {
      if (span.role === 'follower') continue;
      ctx.fillStyle = theme[span.role];
      ctx.fillRect(x(span.begin), server * row, Math.max(1, x(span.end) - x(span.begin)), Math.max(1, row - 1));
    }
    ctx.fillStyle = theme.edge;
    for (const span of lane.down) ctx.fillRect(x(span.begin), server * row + row * 0.3, Math.max(1, x(span.end) - x(span.begin)), Math.max(1, row * 0.4));
  });
  let last = -Infinity;
  for (const election of run.elections) {
    if (x(election.begin) - last < 1) continue;
    last = x(election.begin);
    ctx.fillStyle = election.split ? theme.bad : HUES.orange;
    ctx.fillRect(last, height - below + 1, 2, below - 1);
  }
  if (run.broken) {
    ctx.fillStyle = theme.bad;
    ctx.strokeStyle = theme.bad;
    ctx.lineWidth = 2;
    flag(ctx, clamp(x(run.broken.at), 2, width - 13), 10);
  }
}
