// What the browser cannot do by itself once htmx swaps parts of a page. Every page works without it.
(() => {
  const byId = (id) => document.getElementById(id);
  const reveal = (id, on) => byId(id) && (byId(id).hidden = !on);
  let settled, hadFocus, focusedId, typed;

  function focusOn(element) {
    if (!element) return;
    if (!element.matches("a, button, input, select, textarea, [tabindex]")) element.tabIndex = -1;
    element.focus({ preventScroll: true });
  }

  // Errors first, then the element the page names, then its heading.
  const first = (root) =>
    root.querySelector(".error-summary") || root.querySelector("[data-focus]") || root.querySelector("h1");

  // Signing in elsewhere changes the token; the cookie always holds the one that counts.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (token && detail.verb !== "get") detail.parameters.set("csrfmiddlewaretoken", token[1]);
  });

  // Before the control that asks is switched off and loses the focus.
  document.addEventListener("htmx:beforeRequest", () => {
    focusedId = document.activeElement.id;
  });

  const inputs = (root) => root.querySelectorAll("input:not([type=hidden], [type=file]), select, textarea");

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    // A whole page where a part was asked for: the sign-in, or the dossier filed in the meantime.
    if (detail.shouldSwap && detail.xhr.responseText.startsWith("<!DOCTYPE")) {
      event.preventDefault();
      if (new URL(detail.xhr.responseURL).pathname === byId("signed-out").dataset.signIn) {
        reveal("signed-out", true);
        byId("signed-out").scrollIntoView();
      } else location.assign(detail.xhr.responseURL);
      return;
    }
    hadFocus = detail.target.contains(document.activeElement);
    // What was typed while the answer was on its way counts, not what the answer repeats.
    typed = detail.target.id === "questions" && [...inputs(detail.target)].map(({ id, value, checked }) => ({ id, value, checked }));
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const { id, value, checked } of typed || []) {
      const input = byId(id);
      if (input && /radio|checkbox/.test(input.type)) input.checked = checked;
      else if (input && input.value !== value) input.value = value;
    }
    typed = null;
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.xhr && detail.xhr === settled) return;
    settled = detail.xhr;
    const target = byId(detail.target.id) || detail.target;
    if (target.id === "page") {
      byId("main").scrollIntoView();
      focusOn(first(target));
    } else if (document.activeElement === document.body) {
      const before = focusedId && byId(focusedId);
      if (before && target.contains(before)) focusOn(before);
      else if (hadFocus) {
        const next = first(target) || target;
        focusOn(next);
        next.scrollIntoView({ block: "nearest" });
      }
    }
  });

  // A request that got no usable answer must not look like one that worked.
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"])
    document.addEventListener(name, () => reveal("request-failed", true));
  document.addEventListener("htmx:afterOnLoad", ({ detail }) => {
    if (!detail.successful) return;
    reveal("request-failed", false);
    if (detail.target.id === "page") reveal("signed-out", false);
  });

  // A photo that was chosen here is shown from here, by its size; what the browser cannot show (HEIC)
  // or does not have comes from the server.
  const chosen = new Map();
  document.addEventListener("change", ({ target }) => {
    for (const file of target.files || []) chosen.set(String(file.size), file);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const image of document.querySelectorAll("img[data-src]")) {
      const { src, size } = image.dataset;
      const file = chosen.get(size);
      image.removeAttribute("data-src");
      image.onload = () => URL.revokeObjectURL(image.src);
      image.onerror = () => ([image.onerror, image.src] = [null, src]);
      image.src = file ? URL.createObjectURL(file) : src;
    }
  });

  document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
    const bar = target.closest(".paper, form")?.querySelector(".uploading progress");
    if (bar && detail.lengthComputable) bar.value = (100 * detail.loaded) / detail.total;
  });

  // Leaving the page in the middle of a word: the last of it is saved on the way out.
  document.addEventListener("input", ({ target }) => {
    if (target.form?.id === "step-form") target.form.unsaved = true;
  });
  addEventListener("pagehide", () => {
    const form = byId("step-form");
    if (form?.unsaved) navigator.sendBeacon(form.action.split("?")[0] + "?luu=1", new FormData(form));
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

  // A typed password can be looked at.
  for (const button of document.querySelectorAll("button[data-show]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const input = byId(button.getAttribute("aria-controls"));
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.textContent = shown ? button.dataset.show : button.dataset.hide;
      input.focus();
    });
  }

  document.querySelector(".error-summary")?.focus();
})();
