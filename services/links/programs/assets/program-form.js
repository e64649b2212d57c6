// The preview beside a program's form follows what is typed, after a moment's rest, and so does what an imagined order
// would bring under it. Without a script the button below the phone shows the page.
(() => {
  "use strict";
  const form = document.querySelector("form[data-preview]");
  const text = document.getElementById("program-text");
  const phone = document.getElementById("phone");
  const button = document.getElementById("show");
  if (!form || !text || !phone || !button) return;
  const trial = document.getElementById("trial");
  const tried = document.getElementById("tried");
  let wait = 0;
  let asked = 0;
  let tries = 0;
  // The rules are tried by another service than the one that puts them into sentences: it is given what this one read.
  const attempt = async () => {
    const mine = ++tries;
    const read = text.querySelector("[data-definition]");
    if (!trial || !tried || !read) return;
    trial.elements.draft.value = read.value;
    const body = new URLSearchParams(new FormData(trial));
    const answer = await fetch(trial.dataset.try, { method: "POST", body }).catch(() => null);
    if (mine !== tries || !answer?.ok) return;
    tried.innerHTML = await answer.text();
    trial.hidden = false;
  };
  const show = async () => {
    const mine = ++asked;
    const body = new FormData(form);
    const answer = await fetch(form.dataset.preview, { method: "POST", body }).catch(() => null);
    if (mine !== asked || !answer?.ok) return;
    text.innerHTML = await answer.text();
    if (text.querySelector("[data-unreadable]")) return;
    attempt();
    // A fresh frame: the first page of a frame leaves no step in the browser's history.
    phone.replaceChildren(phone.firstElementChild.cloneNode());
    form.requestSubmit(button);
  };
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(show, 400);
  });
  trial?.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(attempt, 400);
  });
  show();
})();
