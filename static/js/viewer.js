// The file viewer of the desk: keys press its links, the next page is fetched ahead, a picture is pulled
// about with the mouse. Without it the links and the scroll bars do the same.
(() => {
  const viewer = () => document.getElementById("viewer");
  const keys = {
    ArrowLeft: "page-back", ArrowRight: "page-on", "+": "larger", "=": "larger", "-": "smaller",
    0: "fit", r: "turn", R: "turn", ",": "file-back", ".": "file-on",
  };

  // Only while the focus is in the viewer: a letter typed elsewhere is a letter.
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || !keys[key]) return;
    if (!viewer()?.contains(target) || target.matches("select, input, textarea")) return;
    const sheet = viewer().querySelector(".viewer-sheet");
    // An enlarged page is moved sideways first.
    if (key.startsWith("Arrow") && sheet && sheet.scrollWidth > sheet.clientWidth + 4) {
      const room = key === "ArrowLeft" ? sheet.scrollLeft : sheet.scrollWidth - sheet.clientWidth - sheet.scrollLeft;
      if (room > 2) return;
    }
    event.preventDefault();
    viewer().querySelector(`[data-press="${keys[key]}"]`)?.click();
  });

  const ahead = () => {
    const picture = viewer()?.querySelector("img[data-ahead]");
    if (!picture || !picture.offsetParent) return;
    const fetchNext = () => (new Image().src = picture.dataset.ahead);
    if (picture.complete) fetchNext();
    else picture.addEventListener("load", fetchNext, { once: true });
  };

  // The viewer is exchanged: who was in it stays in it, on the same button or on the page.
  let focused;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id !== "viewer") return;
    focused = viewer().contains(document.activeElement) && (document.activeElement.id || "sheet");
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target.id !== "viewer") return;
    const again = focused && (document.getElementById(focused) || viewer().querySelector(".viewer-sheet"));
    again?.focus({ preventScroll: true });
    focused = null;
    ahead();
  });
  document.addEventListener("DOMContentLoaded", ahead);

  let pulled;
  document.addEventListener("pointerdown", (event) => {
    const sheet = event.target.closest?.(".viewer-sheet");
    if (!sheet || event.pointerType !== "mouse" || event.button) return;
    pulled = { sheet, x: event.clientX + sheet.scrollLeft, y: event.clientY + sheet.scrollTop };
  });
  document.addEventListener("pointermove", (event) => {
    if (!pulled) return;
    pulled.sheet.scrollLeft = pulled.x - event.clientX;
    pulled.sheet.scrollTop = pulled.y - event.clientY;
  });
  document.addEventListener("pointerup", () => (pulled = null));
  document.addEventListener("dragstart", (event) => event.target.closest(".viewer-sheet") && event.preventDefault());
})();
