// What the browser cannot do by itself once htmx swaps parts of a page. Every page works without it.
(() => {
  const box = () => document.getElementById("request-failed");
  let settled, hadFocus;

  function focusOn(element) {
    if (!element) return;
    if (!element.matches("a, button, input, select, textarea, [tabindex]")) element.tabIndex = -1;
    element.focus({ preventScroll: true });
  }

  // Errors first, then the element the page names, then its heading.
  const first = (root) =>
    root.querySelector(".error-summary") || root.querySelector("[data-focus]") || root.querySelector("h1");

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    hadFocus = detail.target.contains(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.xhr && detail.xhr === settled) return;
    settled = detail.xhr;
    const target = document.getElementById(detail.target.id) || detail.target;
    if (target.id === "page") {
      document.getElementById("main").scrollIntoView();
      focusOn(first(target));
    } else if (hadFocus && document.activeElement === document.body) {
      focusOn(first(target) || target);
    }
  });

  // A request that got no usable answer must not look like one that worked.
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"])
    document.addEventListener(name, () => box() && (box().hidden = false));
  document.addEventListener("htmx:afterOnLoad", ({ detail }) => {
    if (detail.successful && box()) box().hidden = true;
  });

  // A shaky finger sends a form once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (Date.now() - (form.sentAt || 0) < 1000) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else form.sentAt = Date.now();
  }, true);

  document.querySelector(".error-summary")?.focus();
})();
