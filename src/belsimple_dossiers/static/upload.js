// Uploads the files that are dropped or chosen on a dossier's page one by one, each with its progress. Without it the form sends them.
"use strict";
(() => {
  const form = document.getElementById("upload");
  const list = document.getElementById("uploads");
  const input = form.elements.file;
  const waiting = [];
  let busy = false;
  for (const hint of form.querySelectorAll("[data-with-scripts]")) hint.hidden = false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(input.files);
    form.reset();
  });

  // Anywhere on the page: who misses the area by a little must not leave the page for the file.
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.remove("over");
    add(event.dataTransfer.files);
  });
  window.addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });

  function add(files) {
    if (!busy) list.replaceChildren();
    for (const file of files) waiting.push({ file, ...row(file.name) });
    if (!busy) sendAll();
  }

  function row(name) {
    const item = document.createElement("li");
    const title = document.createElement("span");
    const state = document.createElement("span");
    const bar = document.createElement("progress");
    title.textContent = name;
    state.textContent = list.dataset.waiting;
    state.className = "state";
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", name);
    item.append(title, state, bar);
    list.append(item);
    return { item, state, bar };
  }

  async function sendAll() {
    busy = true;
    let sent = 0;
    while (waiting.length) sent += await send(waiting.shift());
    busy = false;
    if (sent) refresh();
  }

  // 1 when it is uploaded, 0 when it was refused.
  async function send({ file, item, state, bar }) {
    state.textContent = list.dataset.sending;
    const problem = await post(file, (part) => (bar.value = part));
    item.classList.add(problem ? "refused" : "sent");
    state.textContent = problem ? list.getAttribute(`data-${problem}`) || list.dataset.other : list.dataset.done;
    bar.remove();
    return problem ? 0 : 1;
  }

  function post(file, progress) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onload = () => resolve(request.status === 201 ? "" : problemOf(request));
      request.onerror = () => resolve("lost");
      request.open("POST", `${form.dataset.to}?filename=${encodeURIComponent(file.name)}`);
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.send(file);
    });
  }

  function problemOf(request) {
    try {
      return JSON.parse(request.responseText).type.split(":").pop();
    } catch {
      return "other";
    }
  }

  function refresh() {
    htmx.ajax("GET", location.pathname, { target: "#documents", select: "#documents", swap: "outerHTML", selectOOB: "#history" });
  }
})();
