// Keeps the page current without losing the reader's place. The page works the same without it, on reload.
"use strict";

const PERIOD_MS = 5000;

function scrollToEnd(element) {
  if (element && element.hasAttribute("data-end")) element.scrollTop = element.scrollHeight;
}

function replaceChanged(old, fresh) {
  const focused = document.activeElement;
  const holdsFocus = focused !== old && old.contains(focused);
  if (holdsFocus || old.innerHTML === fresh.innerHTML) return;
  const wasAtEnd = old.scrollTop + old.clientHeight >= old.scrollHeight - 4;
  old.innerHTML = fresh.innerHTML;
  if (wasAtEnd) scrollToEnd(old);
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("[data-live]");
  const old = document.querySelectorAll("[data-live]");
  if (old.length === fresh.length) old.forEach((element, index) => replaceChanged(element, fresh[index]));
}

scrollToEnd(document.querySelector("[data-end]"));
setInterval(() => refresh().catch(() => {}), PERIOD_MS); // a stopped emulator is no error of the page
