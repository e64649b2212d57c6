// What an ambassador's pages gain with JavaScript beside console.js: parts of other services, and the notice that there is no
// connection. Every page works without it.
(() => {
  "use strict";
  const notice = document.querySelector("[data-offline]");

  // A part is its address's answer. One that wants the sign-in page moves the whole page there.
  const load = async (place) => {
    let answer = null;
    let text = "";
    try {
      answer = await fetch(place.getAttribute("hx-get"), { headers: { "HX-Request": "true" } });
      text = await answer.text();
    } catch {
      if (notice) notice.hidden = false; // shown like any other failure, and once more for all of them
    }
    const elsewhere = answer?.headers.get("hx-redirect");
    if (elsewhere) return location.assign(elsewhere);
    if (!answer?.ok) {
      const detail = { ctx: { response: answer } };
      return place.dispatchEvent(new CustomEvent("htmx:response:error", { bubbles: true, detail }));
    }
    const template = place.querySelector("template");
    place.innerHTML = text;
    if (template) place.append(template);
    place.dispatchEvent(new CustomEvent("htmx:after:swap", { bubbles: true }));
  };
  for (const place of document.querySelectorAll(".fragment[hx-get]")) {
    place.addEventListener("retry", () => load(place));
    load(place);
  }

  const online = () => notice && (notice.hidden = navigator.onLine);
  addEventListener("online", online);
  addEventListener("offline", online);
  online();
})();
