// Offers colleagues while somebody writes “@” and the beginning of a name; a press puts the name into the note.
(() => {
  "use strict";
  const MOST = 6;
  for (const field of document.querySelectorAll("textarea[data-mentions]")) {
    const colleagues = JSON.parse(document.getElementById(field.dataset.mentions).textContent);
    const list = field.form.querySelector("ul");

    // What is being written before the caret: where it begins, and what follows the “@”.
    function begun() {
      const before = field.value.slice(0, field.selectionStart);
      const found = /(^|\s)@([\p{L}\p{N}_.+-]*)$/u.exec(before);
      return found && { at: before.length - found[2].length, word: found[2].toLowerCase() };
    }

    function put(name) {
      const { at } = begun() ?? { at: field.value.length };
      const after = field.value.slice(field.selectionStart);
      field.setRangeText(`${name} `, at, field.value.length - after.length, "end");
      list.hidden = true;
      field.focus();
    }

    function offer() {
      const written = begun();
      const fits = ({ name, called }) => [name, ...called.split(" ")].some((part) => part.toLowerCase().startsWith(written.word));
      const found = written ? colleagues.filter(fits).slice(0, MOST) : [];
      list.replaceChildren(
        ...found.map(({ name, called }) => {
          const button = Object.assign(document.createElement("button"), { type: "button", textContent: called === name ? name : `${called} (${name})` });
          button.addEventListener("click", () => put(name));
          const item = document.createElement("li");
          item.append(button);
          return item;
        }),
      );
      list.hidden = !found.length;
    }

    field.addEventListener("input", offer);
    field.form.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      const buttons = [...list.querySelectorAll("button")];
      const place = buttons.indexOf(document.activeElement);
      if (event.key === "Escape") {
        list.hidden = true;
        field.focus();
      } else if (event.key === "ArrowDown") {
        buttons[Math.min(place + 1, buttons.length - 1)].focus();
      } else if (event.key === "ArrowUp" && place >= 0) {
        (buttons[place - 1] ?? field).focus();
      } else return;
      event.preventDefault();
    });
  }
})();
