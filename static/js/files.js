// Once a file is chosen the theme writes its name into the box beside it, which only its own widget has:
// without one its script breaks off. It passes over the inputs of our pages if they look as if it knew them.
(() => {
  const spare = () => {
    for (const input of document.querySelectorAll(".desk input[type=file]")) input.hasChangeListener = true;
  };
  // Set up before the theme's own observer, so this one hears first of inputs that come later.
  new MutationObserver(spare).observe(document, { childList: true, subtree: true });
})();
