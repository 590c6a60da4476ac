// The pointer: wheel and pinch zoom, drag pans or moves the playhead, a click pins.

/** The pointers that are down, by id: where they were last. Two of them pinch. */
const pointers = new Map();
/** What a drag does: 'pan', 'scrub', or null; and whether it has moved far enough to be none but a click. */
const drag = { does: null, moved: 0 };

function inStage(event) {
  const frame = canvas.getBoundingClientRect();
  return [event.clientX - frame.left, event.clientY - frame.top];
}

function onWheel(event) {
  const [x] = inStage(event);
  const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
  if (x < layout.gutter) {
    if (layout.scrollMax === 0) return; // the page scrolls
    scrollLanes(event.deltaY * unit);
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    pan(((sideways * unit) / layout.plot) * (view.end - view.begin));
  } else {
    zoom(Math.exp(clamp(event.deltaY * unit, -300, 300) * (event.ctrlKey ? 0.01 : 0.002)), timeOf(x));
  }
  event.preventDefault();
}

function onDown(event) {
  if (event.button !== 0) return;
  const [x, y] = inStage(event);
  if (x < layout.gutter) return;
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, [x, y]);
  stopGliding();
  const onAxis = y >= layout.axis && y < layout.top;
  const onPlayhead = Math.abs(x - xOf(view.at)) < 6 && y < layout.top;
  drag.does = onAxis || onPlayhead ? 'scrub' : 'pan';
  drag.moved = 0;
  if (drag.does === 'scrub') {
    pause();
    seek(timeOf(x));
  }
}

function onMove(event) {
  const [x, y] = inStage(event);
  const last = pointers.get(event.pointerId);
  if (!last) {
    view.hover = itemAt(x, y);
    canvas.style.cursor = view.hover ? 'pointer' : y >= layout.axis && y < layout.top ? 'ew-resize' : x < layout.gutter ? 'default' : 'grab';
    tellTip(view.hover, event.clientX, event.clientY);
    changed();
    return;
  }
  if (pointers.size === 2) pinch(event.pointerId, x);
  else if (drag.does === 'scrub') seek(timeOf(x));
  else {
    drag.moved += Math.abs(x - last[0]) + Math.abs(y - last[1]);
    if (drag.moved > 4) {
      tellTip(null);
      canvas.style.cursor = 'grabbing';
      pan(((last[0] - x) / layout.plot) * (view.end - view.begin));
      scrollLanes(last[1] - y);
    }
  }
  pointers.set(event.pointerId, [x, y]);
}

/** Two fingers: the times under them stay under them. */
function pinch(id, x) {
  const other = [...pointers].find(([one]) => one !== id)[1][0];
  const before = pointers.get(id)[0] - other;
  const after = x - other;
  drag.moved = Infinity;
  if (Math.abs(after) > 8 && before * after > 0) zoom(before / after, timeOf(other));
}

function onUp(event) {
  const [x, y] = inStage(event);
  if (!pointers.delete(event.pointerId)) return;
  canvas.style.cursor = 'grab';
  if (drag.does === 'scrub') say(playheadInWords());
  if (drag.does !== 'pan' || drag.moved > 4 || pointers.size > 0) return;
  const hit = itemAt(x, y);
  if (hit) pin(view.pin === hit ? null : hit);
  else {
    pause();
    pin(null);
    view.focus = null;
    seek(timeOf(x));
    say(playheadInWords());
  }
}

function startPointer() {
  canvas.addEventListener('wheel', onWheel, { passive: false });
  canvas.addEventListener('pointerdown', onDown);
  canvas.addEventListener('pointermove', onMove);
  canvas.addEventListener('pointerup', onUp);
  canvas.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId));
  canvas.addEventListener('pointerleave', () => {
    view.hover = null;
    tellTip(null);
    changed();
  });
  const centre = (event) => {
    const frame = overview.getBoundingClientRect();
    const at = run.begin + ((event.clientX - frame.left) / frame.width) * runLength;
    const length = view.end - view.begin;
    stopGliding();
    show(at - length / 2, at + length / 2);
  };
  overview.addEventListener('pointerdown', (event) => {
    overview.setPointerCapture(event.pointerId);
    centre(event);
  });
  overview.addEventListener('pointermove', (event) => {
    if (event.buttons === 1) centre(event);
  });
}
