/* Keyboard shortcuts of the queue and of a dossier's page. They rest while somebody types, while a dialog is
   open, and for good once they are turned off. Without this script everything is a link or a button. */
(() => {
  "use strict";
  const SETTING = "desk-shortcuts";
  const queue = document.currentScript.dataset.queue;
  let given = 0; // when "g" was pressed
  let row = -1;

  const help = () => document.querySelector("[data-shortcuts]");
  const rows = () => [...document.querySelectorAll("#result_list .data-row")];
  const isOff = () => localStorage.getItem(SETTING) === "off";
  const types = (element) =>
    element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName) && element.type !== "checkbox";

  function go(step) {
    const all = rows();
    if (!all.length) return;
    row = Math.max(0, Math.min(all.length - 1, row + step));
    all.forEach((each, index) => each.classList.toggle("desk-current", index === row));
    all[row].querySelector("th a, td a")?.focus();
  }

  function current() {
    const focused = document.activeElement?.closest?.(".data-row");
    return focused || rows()[row];
  }

  function press(key) {
    const target = document.querySelector(`[data-key="${key}"]`);
    target?.click();
    return Boolean(target);
  }

  function actions() {
    const first = document.querySelector("#actions details[open] textarea, #actions details[open] button, #actions summary, #actions button");
    first?.focus();
    first?.scrollIntoView({ block: "center" });
    return Boolean(first);
  }

  const keys = {
    j: () => go(1),
    k: () => go(-1),
    o: () => current()?.querySelector("th a, td a")?.click(),
    x: () => current()?.querySelector("input[name=ho-so]")?.click(),
    t: () => press("t"),
    n: () => press("n"),
    p: () => press("p"),
    a: () => actions(),
    "/": () => document.querySelector("#searchbar")?.focus(),
    "?": () => help()?.showModal(),
  };

  function onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || types(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (isOff()) {
      if (event.key === "/") event.stopImmediatePropagation(); // the theme has this one too
      return;
    }
    const afterG = event.key === "q" && Date.now() - given < 1500;
    given = event.key === "g" ? Date.now() : 0;
    if (afterG) location.assign(queue);
    else if (!(event.key in keys)) return;
    else keys[event.key]();
    if (event.key !== "q" || afterG) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }

  function start() {
    const dialog = help();
    if (dialog) {
      const opener = document.querySelector("[data-shortcuts-open]");
      const box = dialog.querySelector("[data-shortcuts-on]");
      opener.hidden = false;
      opener.addEventListener("click", () => dialog.showModal());
      box.checked = !isOff();
      box.addEventListener("change", () => localStorage.setItem(SETTING, box.checked ? "on" : "off"));
    }
    const all = document.querySelector("[data-all]");
    if (all) {
      all.closest("label").hidden = false;
      all.addEventListener("change", () =>
        document.querySelectorAll("input[name=ho-so]").forEach((each) => (each.checked = all.checked)));
    }
    window.addEventListener("keydown", onKey, true);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
