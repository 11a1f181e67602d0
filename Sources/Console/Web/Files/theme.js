// Runs before the first paint, so that nobody who chose dark sees a white flash.
(() => {
  try {
    const theme = localStorage.getItem("ha-bridge-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // A browser that keeps nothing follows the system.
  }
})();
