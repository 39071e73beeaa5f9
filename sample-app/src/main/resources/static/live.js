'use strict';

const POINTS = 120;
const ROWS = 12;
const PAUSE = 3000;
const points = [];
let committed = 0;

const byId = (id) => document.getElementById(id);
/* What has not changed is not announced again. */
function text(id, value) {
  const element = byId(id);
  if (element.textContent !== String(value)) {
    element.textContent = value;
  }
}

function row(...cells) {
  const tr = document.createElement('tr');
  for (const cell of cells) {
    tr.insertCell().textContent = cell;
  }
  return tr;
}

/* Two lines of one scale, the newest point at the right. */
function plot(id, top, inUse, waiting) {
  const svg = byId(id);
  const line = (name, of) => svg.querySelector('.' + name).setAttribute('points', points
    .map((point, i) => `${600 - (points.length - 1 - i) * 600 / (POINTS - 1)},${118 - 114 * Math.min(of(point) / top, 1)}`)
    .join(' '));
  line('in-use', inUse);
  line('waiting', waiting);
}

function figures(now) {
  points.push(now);
  points.splice(0, Math.max(0, points.length - POINTS));
  text('in-use', now.inUse);
  text('max', now.max);
  text('waiting', now.waiting);
  text('use-millis', now.useMillis.toFixed(1));
  text('wait-millis', now.waitMillis.toFixed(1));
  const most = Math.max(now.max, ...points.map((point) => point.waiting));
  plot('pool-plot', most, (point) => point.inUse, (point) => point.waiting);
  const slowest = Math.max(1, ...points.map((point) => Math.max(point.useMillis, point.waitMillis)));
  plot('latency-plot', slowest, (point) => point.useMillis, (point) => point.waitMillis);
  byId('pool-plot').setAttribute('aria-label', `${now.inUse} of ${now.max} connections in use, ${now.waiting} callers waiting`);
  byId('latency-plot').setAttribute('aria-label',
    `A connection is used for ${now.useMillis.toFixed(1)} ms and waited for for ${now.waitMillis.toFixed(1)} ms, in the mean`);
  transfers(now);
}

function transfers(now) {
  committed += now.committed;
  text('committed', committed);
  const recent = byId('recent');
  for (const transfer of now.transfers) {
    recent.prepend(row(transfer.id, transfer.from, transfer.to, Number(transfer.amount).toFixed(2)));
  }
  while (recent.rows.length > ROWS) {
    recent.deleteRow(-1);
  }
}

function balances(accounts) {
  if (accounts.length > 0) {
    byId('balances').replaceChildren(...accounts.map((account) => row(account.id, account.owner, account.balance)));
  }
}

/* A button that is at work stays focusable, so that the keyboard does not lose its place. */
async function start(button) {
  if (button.getAttribute('aria-disabled') === 'true') {
    return;
  }
  button.setAttribute('aria-disabled', 'true');
  text('outcome', `${button.textContent}: under way …`);
  try {
    const response = await fetch(button.dataset.post, { method: 'POST' });
    const answer = await response.text();
    text('outcome', response.ok ? answer : `It failed with ${response.status}: ${JSON.parse(answer).detail ?? answer}`);
  } catch (error) {
    text('outcome', `It failed: ${error.message}`);
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/* The browser connects again by itself where a connection breaks, but gives up where it is answered by anything else than
   events, as by a proxy whose application is just being started. */
function listen() {
  const source = new EventSource('live/events');
  source.onopen = () => text('stream', 'Live');
  source.onerror = () => {
    text('stream', 'The connection to the application is lost; trying again …');
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(listen, PAUSE);
    }
  };
  source.addEventListener('figures', (event) => figures(JSON.parse(event.data)));
  source.addEventListener('balances', (event) => { text('stream', 'Live'); balances(JSON.parse(event.data)); });
  source.addEventListener('trouble', (event) => text('stream', event.data));
}

listen();

document.querySelectorAll('button[data-post]').forEach((button) => button.addEventListener('click', () => start(button)));
