// Owns where the controller is, which follows from the page's <base>.

/** Where the console's pages are: the path that every URL of ours begins with. */
export const consolePath = new URL(document.baseURI).pathname.replace(/\/$/, '');

/** https://host:port, and the path under which a proxy shows the controller, if any. */
export const controllerAddress = new URL('..', document.baseURI).href.replace(/\/$/, '');
