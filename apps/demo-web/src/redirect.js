// Without an answer in its address, as when somebody opens this page by hand, the bridge refuses: say what to do instead.
globalThis.msalRedirectBridge.broadcastResponseToMainFrame().catch(() => {
  globalThis.document.getElementById('message').textContent =
    'There is no sign-in to finish here. You may close this window.';
});
