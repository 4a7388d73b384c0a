// Makes pages nicer; everything works without it.
"use strict";

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
});

// Back from the browser's memory: what was sent then can be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// The account's sheet closes like a menu does.
document.addEventListener("click", (event) => {
  for (const sheet of document.querySelectorAll("details.account[open]")) if (!sheet.contains(event.target)) sheet.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const sheet of document.querySelectorAll("details.account[open]")) {
    sheet.open = false;
    sheet.querySelector("summary").focus();
  }
});

// A part of a page was asked for and something else came, such as the page to sign in: then the whole of it is shown.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const part = tasks.find((task) => task.type === "main");
  if (!ctx.select || !part || part.fragment.hasChildNodes()) return;
  event.preventDefault();
  location.assign(ctx.request.action);
});

// On to a provider that takes a form: its button is pressed.
for (const form of document.querySelectorAll("form[data-onward]")) form.requestSubmit();

// What is in a file can be chosen instead of pasted.
for (const area of document.querySelectorAll("textarea[data-file]")) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "file";
  input.id = `${area.id}-file`;
  label.htmlFor = input.id;
  label.textContent = area.dataset.file;
  input.addEventListener("change", async () => {
    if (input.files.length) area.value = await input.files[0].text();
  });
  area.after(label, input);
}
