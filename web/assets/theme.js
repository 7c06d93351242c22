// Before the first paint: the theme this device saw last, so that nothing flashes.
(function() {
  var theme = '';
  try { theme = localStorage.getItem('paddock.theme') || ''; } catch (e) { theme = ''; }
  var dark = theme == 'dark' || (theme != 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
