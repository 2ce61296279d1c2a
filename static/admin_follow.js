// Keeps a page true while somebody looks at it: asks whether it still is, ever more seldom, and shows it anew.
// Whoever is at work on it loses nothing: they are told that there is news, and show it when they like.
(() => {
  "use strict";
  const follow = document.getElementById("follow");
  const pace = Number(follow?.dataset.pace);
  if (!follow) return;
  const TOLD = "tequio-brought-up-to-date";
  const SLOWEST = 60; // seconds
  const FORGOTTEN = 30 * 60 * 1000; // milliseconds without a person: a page that nobody uses is left alone
  const main = document.getElementById("main-part");
  const status = follow.querySelector("[role=status]");
  const button = follow.querySelector("button");
  let wait = pace;
  let timer = 0;
  let news = false;
  let typed = false;
  let used = Date.now();
  let before = "";

  // What stands in the fields, and which parts are unfolded: other than at first, it is somebody's work.
  const work = () =>
    JSON.stringify([
      [...main.querySelectorAll("input:not([type=hidden]), select, textarea")].map((field) =>
        ["checkbox", "radio"].includes(field.type) ? field.checked : field.value,
      ),
      [...main.querySelectorAll("details")].map((part) => part.open),
      main.querySelectorAll("[aria-expanded=true]").length,
    ]);

  function atWork() {
    const focused = document.activeElement;
    return (
      typed ||
      (focused && ![document.body, document.documentElement, main].includes(focused)) ||
      document.querySelector("dialog[open], :popover-open") !== null ||
      String(window.getSelection()) !== "" ||
      work() !== before
    );
  }

  function show() {
    try {
      sessionStorage.setItem(TOLD, location.pathname);
    } catch {
      // Without a memory it is shown, and not announced.
    }
    location.reload();
  }

  function tell() {
    if (news) return;
    news = true;
    status.textContent = follow.dataset.news;
    button.hidden = false;
  }

  async function look() {
    if (news) return atWork() ? next() : show();
    let done = false;
    try {
      const answer = await fetch(follow.dataset.follow, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok) {
        const now = await answer.json();
        if (now.version !== follow.dataset.version) {
          if (document.hidden || atWork()) tell();
          else return show();
        }
        done = now.done && !news;
        wait = Math.min(wait * 1.2, SLOWEST);
      } else {
        // Whoever may no longer see the page asks no more.
        done = answer.status === 403 || answer.status === 404;
        wait = Math.min(wait * 2, SLOWEST);
      }
    } catch {
      wait = Math.min(wait * 2, SLOWEST);
    }
    if (!done) next();
  }

  function next() {
    clearTimeout(timer);
    const jitter = 0.8 + Math.random() * 0.4;
    timer = setTimeout(
      () => {
        if (!document.hidden && Date.now() - used < FORGOTTEN) look();
      },
      (news ? pace : wait) * jitter * 1000,
    );
  }

  function announce() {
    try {
      const told = sessionStorage.getItem(TOLD) === location.pathname;
      sessionStorage.removeItem(TOLD);
      // A moment later, or no screen reader takes it for something new.
      if (told) setTimeout(() => news || (status.textContent = follow.dataset.told), 500);
    } catch {
      // As above.
    }
  }

  function comeBack() {
    if (document.hidden) return;
    used = Date.now();
    wait = pace;
    next();
  }

  button.addEventListener("click", show);
  window.addEventListener("load", () => {
    announce();
    if (!pace) return;
    before = work();
    for (const event of ["input", "change"]) main.addEventListener(event, () => (typed = true));
    for (const event of ["pointerdown", "keydown"]) {
      document.addEventListener(event, () => (Date.now() - used >= FORGOTTEN ? comeBack() : (used = Date.now())));
    }
    document.addEventListener("visibilitychange", comeBack);
    next();
  });
})();
