// The portal's main button: the phone's own share sheet where there is one, else the link is copied. And the page without a
// connection.
(() => {
  "use strict";
  const KEPT = "kith-portal";

  document.addEventListener("click", async (event) => {
    // Any way of sharing counts as one: the sheet, a network, or a copy of link or code.
    if (event.target.closest?.("[data-share], .ways a, [data-copy]")) navigator.sendBeacon("/p/shared");
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

  // Without a connection the share page opens as it was last seen, with link, code and QR code. What it is made of is kept here.
  const keep = async () => {
    await navigator.serviceWorker.register("/p/worker.js", { scope: "/p" });
    if (!navigator.onLine) return;
    const needed = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.includes("/assets/"));
    const cache = await caches.open(KEPT);
    for (const kept of await cache.keys()) {
      if (kept.url.includes("/assets/") && !needed.includes(kept.url)) await cache.delete(kept);
    }
    const page = (await cache.match("/p")) ? [] : ["/p"]; // from the first time on the worker keeps each newer one
    await cache.addAll([...page, ...new Set(needed)]);
  };
  if (navigator.serviceWorker && window.caches && location.pathname === "/p") addEventListener("load", () => keep().catch(() => {}));
})();
