// Follows a payment: asks its status, and takes over the page's new content only when something has changed.
"use strict";

(() => {
    const FASTEST = 1500; // milliseconds
    const SLOWEST = { moving: 15000, waiting: 60000 };
    const GROWTH = 1.3;

    let wait = FASTEST;
    let timer = 0;

    const region = () => document.getElementById("follow");
    const moving = () => "moves" in region().dataset;

    // Whoever is writing must not lose their words or their place.
    function busy() {
        const field = region().querySelector("textarea");
        return (field && field.value !== "") || (region().contains(document.activeElement) && document.activeElement !== document.body);
    }

    function schedule() {
        clearTimeout(timer);
        if (!region() || "done" in region().dataset || document.hidden) {
            return;
        }
        const start = moving() ? wait : Math.max(wait, 5000);
        timer = setTimeout(look, start * (0.75 + Math.random() / 2));
        wait = Math.min(wait * GROWTH, moving() ? SLOWEST.moving : SLOWEST.waiting);
    }

    async function look() {
        try {
            const answer = await fetch(region().dataset.status, { headers: { Accept: "application/json" } });
            if (answer.ok && (await answer.json()).version !== region().dataset.version && !busy()) {
                await take();
                wait = FASTEST;
            }
        } catch {
            // Offline, or the site restarts: the next look is later.
        }
        schedule();
    }

    async function take() {
        const answer = await fetch(location.href.split("#")[0]);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("follow");
        if (!answer.ok || !fresh) {
            return;
        }
        region().replaceWith(document.adoptNode(fresh));
        document.title = page.title;
        document.getElementById("follow-news").textContent = fresh.dataset.heading;
        showPrint();
    }

    function showPrint() {
        for (const button of document.querySelectorAll("[data-print]")) {
            button.hidden = false;
        }
    }

    document.addEventListener("click", (event) => {
        if (event.target.closest("[data-print]")) {
            window.print();
        }
    });
    document.addEventListener("visibilitychange", () => {
        wait = FASTEST;
        document.hidden ? clearTimeout(timer) : look();
    });
    showPrint();
    schedule();
})();
