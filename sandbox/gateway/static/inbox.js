// Keeps the page current without losing the reader's place. The page works the same without it, on reload.
"use strict";

const PERIOD_MS = 5000;
const PAUSED = "inbox-paused";

const pause = document.getElementById("pause");
const news = document.getElementById("news");

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

// Said once the page has them, and only how many: what is read meanwhile goes on.
function tellNews(fresh) {
  const main = document.querySelector("main");
  const added = fresh.querySelector("main").dataset.messages - main.dataset.messages;
  if (added > 0) news.textContent = news.dataset.news.replace("{n}", added);
  main.dataset.messages = fresh.querySelector("main").dataset.messages;
}

async function refresh() {
  if (document.hidden || isPaused()) return;
  // Where one has come by choosing the language: that choice is kept already.
  const address = new URL(location.href);
  address.searchParams.delete("language");
  const answer = await fetch(address);
  if (!answer.ok || isPaused()) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelectorAll("[data-live]");
  const old = document.querySelectorAll("[data-live]");
  if (old.length !== fresh.length) return;
  old.forEach((element, index) => replaceChanged(element, fresh[index]));
  tellNews(page);
}

function isPaused() {
  return sessionStorage.getItem(PAUSED) === "yes";
}

function showPause() {
  pause.setAttribute("aria-pressed", String(isPaused()));
}

pause.hidden = false;
pause.addEventListener("click", () => {
  sessionStorage.setItem(PAUSED, isPaused() ? "no" : "yes");
  showPause();
  refresh().catch(() => {});
});
showPause();
scrollToEnd(document.querySelector("[data-end]"));
setInterval(() => refresh().catch(() => {}), PERIOD_MS); // a stopped emulator is no error of the page
