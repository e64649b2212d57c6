// Who has chosen no time zone is offered the one of their browser; it is kept when they save.
(() => {
  "use strict";
  const zones = document.getElementById("zone");
  if (!zones || zones.value) return;
  zones.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zones.selectedIndex < 0) zones.value = "";
})();
