// The preview beside a program's form follows what is typed, after a moment's rest. Without it the button below the
// phone does the same.
(() => {
  "use strict";
  const form = document.querySelector("form[data-preview]");
  const said = document.getElementById("said");
  const phone = document.getElementById("phone");
  const button = document.getElementById("show");
  if (!form || !said || !phone || !button) return;
  let wait = 0;
  let asked = 0;
  const show = async () => {
    const mine = ++asked;
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.preview, { method: "POST", body }).catch(() => null);
    if (mine !== asked || !answer?.ok) return;
    said.innerHTML = await answer.text();
    if (said.querySelector("[data-unreadable]")) return;
    // A fresh frame: the first page of a frame leaves no step in the browser's history.
    phone.replaceChildren(phone.firstElementChild.cloneNode());
    form.requestSubmit(button);
  };
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(show, 400);
  });
  show();
})();
