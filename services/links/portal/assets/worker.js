// Without a connection the ambassador's share page opens as it was last seen. It is forgotten when they sign out.
"use strict";
const KEPT = "kith-portal";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const page = async (request, path) => {
  try {
    const answer = await fetch(request);
    const at = new URL(answer.url || request.url).pathname;
    if (at.startsWith("/p/sign-in")) await caches.delete(KEPT);
    else if (path === "/p" && at === "/p" && answer.ok) await (await caches.open(KEPT)).put("/p", answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match("/p", { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === "POST" && (pathname === "/p/end" || pathname === "/p/erase")) return event.waitUntil(caches.delete(KEPT));
  if (request.method !== "GET") return;
  if (pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(request, { ignoreVary: true }).then((kept) => kept ?? fetch(request)));
  } else if (request.mode === "navigate" && (pathname === "/p" || pathname.startsWith("/p/"))) {
    event.respondWith(page(request, pathname));
  }
});
