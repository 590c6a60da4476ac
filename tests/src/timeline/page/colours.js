// Colours and patterns. The hues are Okabe and Ito's, which the colour-blind tell apart; and nothing is
// told by hue alone: roles have patterns, messages have dashes and heads.

const HUES = {
  orange: '#e69f00',
  sky: '#56b4e9',
  green: '#009e73',
  blue: '#0072b2',
  vermilion: '#d55e00',
  purple: '#cc79a7',
};

const THEMES = {
  light: {
    paper: '#ffffff', lane: '#f6f7f9', edge: '#d3d8de', ink: '#1b2430', soft: '#5b6673', faint: '#e6e9ed', veil: '#eceff3',
    follower: '#bfe0f5', pre_candidate: '#f3d9e6', candidate: '#f2b632', leader: '#17a67d', roleInk: '#10202c', leaderInk: '#ffffff',
    pattern: 'rgba(16, 32, 44, 0.30)', timer: '#8ea3b8', timerEdge: '#3f5a75', bad: '#c44f00', election: 'rgba(230, 159, 0, 0.13)',
    heartbeat: '#5a9fd0', vote: '#b36b00', grant: '#00805d', refusal: '#c44f00', ack: '#8b97a4', transfer: '#a8487e', disk: '#46535f', playhead: '#101820',
  },
  dark: {
    paper: '#12171e', lane: '#1a212a', edge: '#3a4653', ink: '#eef2f6', soft: '#a3b0bd', faint: '#252e39', veil: '#1f2833',
    follower: '#2d5d7c', pre_candidate: '#6d4459', candidate: '#c98c06', leader: '#0b8a68', roleInk: '#ffffff', leaderInk: '#ffffff',
    pattern: 'rgba(255, 255, 255, 0.32)', timer: '#5d7690', timerEdge: '#a9c3dc', bad: '#ff8a4a', election: 'rgba(230, 159, 0, 0.15)',
    heartbeat: '#4f95c6', vote: '#f2b632', grant: '#35cfa2', refusal: '#ff8a4a', ack: '#77869a', transfer: '#e29bc4', disk: '#b5c1cd', playhead: '#ffffff',
  },
};

function colours() {
  return isDark() ? THEMES.dark : THEMES.light;
}

const patterns = new Map();

/** A tile of 8 by 8 pixels, repeated; drawn once for each kind and colour. */
function pattern(ctx, kind, colour) {
  const key = `${kind} ${colour}`;
  if (!patterns.has(key)) {
    const tile = document.createElement('canvas');
    tile.width = 8;
    tile.height = 8;
    const brush = tile.getContext('2d');
    brush.strokeStyle = colour;
    brush.fillStyle = colour;
    brush.lineWidth = 1.6;
    brush.beginPath();
    if (kind === 'stripes' || kind === 'crossed') {
      for (const shift of [-8, 0, 8]) {
        brush.moveTo(shift - 1, 9);
        brush.lineTo(shift + 9, -1);
      }
    }
    if (kind === 'back' || kind === 'crossed') {
      for (const shift of [-8, 0, 8]) {
        brush.moveTo(shift - 1, -1);
        brush.lineTo(shift + 9, 9);
      }
    }
    brush.stroke();
    if (kind === 'dots') {
      brush.arc(2, 2, 1.3, 0, 7);
      brush.arc(6, 6, 1.3, 0, 7);
      brush.fill();
    }
    if (kind === 'bars') brush.fillRect(0, 6, 8, 1.5);
    patterns.set(key, ctx.createPattern(tile, 'repeat'));
  }
  return patterns.get(key);
}

/** A follower is plain; whoever asks for more has a pattern. */
const ROLE_PATTERNS = { pre_candidate: 'dots', candidate: 'stripes', leader: 'bars' };

/** Fills a rectangle with a role's colour and pattern. */
function fillRole(ctx, role, x, y, width, height) {
  const theme = colours();
  ctx.fillStyle = theme[role];
  ctx.fillRect(x, y, width, height);
  if (ROLE_PATTERNS[role]) {
    ctx.fillStyle = pattern(ctx, ROLE_PATTERNS[role], theme.pattern);
    ctx.fillRect(x, y, width, height);
  }
}

/** How each kind of message is drawn: colour, dashes, width, and what it ends in. */
const STYLES = {
  vote: { colour: 'vote', dash: [], width: 1.8, head: 'arrow' },
  pre_vote: { colour: 'vote', dash: [6, 4], width: 1.6, head: 'open' },
  grant: { colour: 'grant', dash: [], width: 2, head: 'tick' },
  refusal: { colour: 'refusal', dash: [], width: 1.6, head: 'bar' },
  pre_grant: { colour: 'grant', dash: [6, 4], width: 1.6, head: 'tick' },
  pre_refusal: { colour: 'refusal', dash: [6, 4], width: 1.6, head: 'bar' },
  heartbeat: { colour: 'heartbeat', dash: [], width: 1.2, head: 'arrow' },
  ok: { colour: 'ack', dash: [1.5, 3], width: 1, head: 'open' },
  not_ok: { colour: 'refusal', dash: [1.5, 3], width: 1.2, head: 'bar' },
  transfer: { colour: 'transfer', dash: [9, 3, 2, 3], width: 2, head: 'arrow' },
};
