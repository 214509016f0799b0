// Airflow keeps the chosen theme in the storage of its own origin, which this page shares; "system" follows the machine.
(() => {
  const follow = () => {
    const chosen = localStorage.getItem("theme");
    if (chosen === "dark" || chosen === "light") {
      document.documentElement.dataset.theme = chosen;
    } else {
      delete document.documentElement.dataset.theme;
    }
    document.dispatchEvent(new Event("themechange"));
  };
  follow();
  window.addEventListener("storage", follow);
})();
