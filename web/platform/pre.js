// Where the wasm is: its name carries a hash, so the page says it.
Module['locateFile'] = function() { return document.querySelector('script[data-wasm]').dataset.wasm; };
Module['onAbort'] = function(why) {
  var n = document.getElementById('notice');
  n.textContent = 'The dashboard stopped: ' + why + '. Reload the page to go on.';
  n.hidden = false;
};
