// What is measured of the page. Machines are noisy: the tests print it, `npm run measure` judges it.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/**
 * Drags the picture to and fro and gives the time from frame to frame in ms, while it was dragged, and
 * the time that the page itself took to draw.
 */
export async function panFrames(page) {
  const box = await page.locator('#picture').boundingBox();
  const y = box.y + box.height / 2;
  const left = box.x + 0.35 * box.width;
  const right = box.x + 0.85 * box.width;
  await page.mouse.move(right, y);
  await page.mouse.down();
  await page.evaluate(() => {
    const frames = [];
    window.measured = { frames, last: null };
    const tick = (now) => {
      if (window.measured.last !== null) frames.push(now - window.measured.last);
      window.measured.last = now;
      if (!window.measured.over) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const before = (await page.evaluate(() => window.timeline.drawn)).length;
  for (let turn = 0; turn < 2; turn += 1) {
    await page.mouse.move(left, y, { steps: 60 });
    await page.mouse.move(right, y, { steps: 60 });
  }
  await page.mouse.up();
  const [frames, drawn] = await page.evaluate(() => {
    window.measured.over = true;
    return [window.measured.frames, window.timeline.drawn];
  });
  return { frame: median(frames), drawing: median(drawn.slice(Math.min(before, drawn.length - 10))), frames: frames.length };
}
