// Reloads the page when what it shows is no longer true. Never while a dialog is open or the tab is hidden.
(() => {
  "use strict";
  const page = document.querySelector("[data-follow]");
  const pace = Number(page?.dataset.pace);
  if (!page || !pace) return;
  const slowest = 60;
  let wait = pace;

  const dialogOpen = () => (document.getElementById("modal-content")?.getClientRects().length ?? 0) > 0;
  const busy = () => document.hidden || dialogOpen();

  async function look() {
    try {
      const answer = await fetch(page.dataset.follow, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok) {
        const now = await answer.json();
        if (now.version !== page.dataset.version && !busy()) {
          window.location.reload();
          return;
        }
        wait = Math.min(wait * 1.2, slowest);
      } else {
        wait = Math.min(wait * 2, slowest);
      }
    } catch {
      wait = Math.min(wait * 2, slowest);
    }
    next();
  }

  function next() {
    const jitter = 0.8 + Math.random() * 0.4;
    setTimeout(() => (busy() ? next() : look()), wait * jitter * 1000);
  }

  next();
})();
