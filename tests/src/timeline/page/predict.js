// Predict: play stops before what is decisive, asks, and then shows. What is later is veiled.

const predict = {
  on: false,
  /** The moment that is asked about, or comes next. */
  index: 0,
  /** 'before' it is asked, 'asking', 'showing' what happens, 'shown', or 'done' with all. */
  phase: 'before',
  /** What was answered: an index into the choices. */
  choice: null,
  right: 0,
  asked: 0,
};

/** How many seconds play takes to a question, and to its answer: slow enough to be talked over. */
const LEAD_S = 2.5;
const REVEAL_S = 3.5;

/** Begins with the first question whose answer the playhead has not passed, or with the first. */
function startPredicting() {
  if (run.moments.length === 0) return;
  const next = run.moments.findIndex((moment) => moment.shown > view.at);
  predict.on = true;
  predict.right = 0;
  predict.asked = 0;
  toMoment(Math.max(0, next), true);
}

function stopPredicting() {
  predict.on = false;
  view.horizon = Infinity;
  pause();
  tellQuestion();
  changed();
}

/** Veils what is after the moment, and goes to shortly before it. */
function toMoment(index, withPlay) {
  const moment = run.moments[index];
  predict.index = index;
  predict.phase = 'before';
  predict.choice = null;
  // What was shown already stays.
  view.horizon = view.horizon === Infinity ? moment.at : Math.max(view.horizon, moment.at);
  view.focus = null;
  view.pin = null;
  // As near as what is asked about lets one see it, with some of the timers before it.
  const asked = moment.shown - moment.at;
  const length = Math.max(3.2 * asked, clamp(8 * asked, 0.03 * usualTimeout, 2.5 * usualTimeout));
  const begin = moment.at - 0.62 * length;
  if (view.at < begin || view.at > view.horizon) seek(begin + 0.3 * length);
  show(begin, begin + length);
  tellQuestion();
  if (withPlay) playTo(moment.at, LEAD_S);
}

/** Plays to this time. Where the playhead is there already, what comes then comes at once. */
function playTo(at, seconds) {
  play(at, seconds);
  if (!view.playing) watchPlayhead();
}

/** Asks as soon as the playhead is there, whoever moved it. */
function watchPlayhead() {
  if (!predict.on) return;
  const moment = run.moments[predict.index];
  if (predict.phase === 'before' && view.at >= moment.at) {
    predict.phase = 'asking';
    pause();
    tellQuestion();
  } else if (predict.phase === 'showing' && !view.playing) {
    predict.phase = 'shown';
    tellQuestion();
  }
}

function answerQuestion(choice) {
  const moment = run.moments[predict.index];
  if (!predict.on || predict.phase !== 'asking' || choice >= moment.choices.length) return;
  predict.choice = choice;
  predict.asked += 1;
  if (choice === moment.answer) predict.right += 1;
  predict.phase = 'showing';
  view.horizon = Math.max(view.horizon, moment.shown);
  tellQuestion();
  playTo(moment.shown, REVEAL_S);
}

function nextQuestion() {
  if (predict.index + 1 < run.moments.length) {
    toMoment(predict.index + 1, true);
    return;
  }
  predict.phase = 'done';
  view.horizon = Infinity;
  tellQuestion();
  changed();
}

function button(words, act, className = '') {
  const made = element('button', { type: 'button', className, textContent: words });
  made.addEventListener('click', act);
  return made;
}

/** Writes the card; it takes the focus when it asks, so that an answer is one key away. */
function tellQuestion() {
  const card = byId('question');
  card.hidden = !predict.on;
  byId('predict').setAttribute('aria-pressed', String(predict.on));
  if (!predict.on) return;
  const moment = run.moments[predict.index];
  const head = element('div', { className: 'row' },
    element('h2', { textContent: `Question ${predict.index + 1} of ${run.moments.length}` }),
    element('span', { className: 'score', textContent: `${predict.right} of ${predict.asked} right` }));
  const parts = [head];
  if (predict.phase === 'done') {
    parts.push(element('p', { textContent: `All asked: ${predict.right} of ${predict.asked} right.` }), button('Once more', () => { seek(run.begin); startPredicting(); }, 'main'), button('Leave', stopPredicting));
  } else if (predict.phase === 'before') {
    parts.push(element('p', { textContent: 'Watch the timers. What comes is hidden.' }), button('To the question', () => playTo(moment.at, LEAD_S), 'main'));
  } else {
    parts.push(element('p', { className: 'ask', tabIndex: -1, textContent: moment.question }), choicesOf(moment));
    if (predict.phase === 'shown') {
      const right = predict.choice === moment.answer;
      parts.push(element('p', { className: `verdict ${right ? 'good' : 'bad'}`, tabIndex: -1, textContent: right ? '✓ Right.' : `✗ No: ${moment.choices[moment.answer]}.` }));
      parts.push(element('p', { textContent: moment.why }));
      parts.push(button(predict.index + 1 < run.moments.length ? 'Next question' : 'Finish', nextQuestion, 'main'));
    }
  }
  card.replaceChildren(...parts);
  if (predict.phase === 'asking') card.querySelector('.ask').focus({ preventScroll: true });
  if (predict.phase === 'shown') card.querySelector('.verdict').focus({ preventScroll: true });
}

function choicesOf(moment) {
  return element('ol', { className: 'choices' }, ...moment.choices.map((choice, i) => {
    const made = button('', () => answerQuestion(i));
    made.append(element('kbd', { textContent: i < 9 ? String(i + 1) : '' }), ` ${choice}`);
    made.disabled = predict.phase !== 'asking';
    if (predict.choice === i) made.classList.add('chosen');
    if (predict.phase === 'shown' && moment.answer === i) made.classList.add('right');
    return element('li', {}, made);
  }));
}
