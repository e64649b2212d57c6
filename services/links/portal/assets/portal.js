// The portal's main button: the phone's own share sheet where there is one, else the link is copied.
(() => {
  "use strict";
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-share]");
    if (!button) return;
    const { share, shareText } = button.dataset;
    if (navigator.share) {
      try {
        await navigator.share({ text: shareText, url: share });
      } catch {
        // Closed without sharing: that is an answer too.
      }
    } else {
      document.querySelector(".sharelink [data-copy]")?.click();
    }
  });
})();
