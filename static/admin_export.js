// Follows an export that is being made: moves its bar, and loads the page anew when its state is another. One that was
// just made is downloaded by itself.
(() => {
  "use strict";
  const page = document.querySelector("[data-export-status]");
  const here = new URL(window.location.href);
  if (here.searchParams.has("start")) {
    here.searchParams.delete("start");
    window.history.replaceState(null, "", here);
    document.querySelector("[data-export-file]")?.click();
  }
  if (!page) return;
  const slowest = 30;
  let wait = 1;

  async function look() {
    try {
      const answer = await fetch(page.dataset.exportStatus, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok) {
        const now = await answer.json();
        if (now.state !== page.dataset.exportState) {
          window.location.reload();
          return;
        }
        page.querySelector("progress").value = now.percent;
        page.querySelector("[data-export-percent]").textContent = now.percent;
        wait = Math.min(wait * 1.1, 5);
      } else {
        wait = Math.min(wait * 2, slowest);
      }
    } catch {
      wait = Math.min(wait * 2, slowest);
    }
    next();
  }

  function next() {
    setTimeout(() => (document.hidden ? next() : look()), wait * 1000);
  }

  next();
})();
