// Two clerks on one dossier: what a colleague sees while something is written here; names and ready
// texts go into what is written. Without it the boxes do the same when the form is sent.
(() => {
  const presence = () => document.getElementById("presence");

  // A form that is being filled in is told with the next report, the first time at once.
  let writing = "";
  document.addEventListener("input", ({ target }) => {
    const form = target.closest("form[data-writing]");
    if (!form || writing === form.dataset.writing) return;
    writing = form.dataset.writing;
    if (window.htmx && presence()) window.htmx.trigger(presence(), "tell");
  });
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.id !== "presence") return;
    detail.parameters.viet = writing;
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (token) detail.parameters.csrfmiddlewaretoken = token[1];
  });

  // A ticked colleague is named in the note.
  document.addEventListener("change", ({ target }) => {
    const { name } = target.dataset || {};
    if (!name) return;
    const note = document.getElementById("office-note");
    const said = `@${name}`;
    if (target.checked && !note.value.includes(said)) note.value = `${note.value}${/(^|\s)$/.test(note.value) ? "" : " "}${said} `;
    else if (!target.checked) note.value = note.value.replace(said, "").replace(/ {2,}/g, " ");
  });

  // A ready text is written into the field, where it can be changed: the field is then the whole list.
  for (const box of document.querySelectorAll(".desk-texts")) {
    const field = document.getElementById(box.dataset.into);
    const lines = () => field.value.split("\n").filter((line) => line.trim());
    const picks = [...box.querySelectorAll("[data-text]")];
    for (const pick of picks)
      if (pick.checked && !lines().includes(pick.dataset.text)) field.value = [...lines(), pick.dataset.text].join("\n");
    box.querySelector("[name=whole]").value = "1";
    box.addEventListener("change", ({ target }) => {
      const { text } = target.dataset;
      if (!text) return;
      const others = lines().filter((line) => line !== text);
      field.value = (target.checked ? [...others, text] : others).join("\n");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
})();
