// A page that was opened from a disk may start no worker: a hidden frame does its work, so that search runs there too.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.documentElement.append(frame);
      this.inner = frame.contentWindow;
      this.waiting = [];
      const document_ = frame.contentDocument;
      const load = (source) =>
        new Promise((done, failed) => {
          const script = document_.createElement("script");
          script.onload = done;
          script.onerror = failed;
          script.src = source;
          document_.body.append(script);
        });
      this.inner.importScripts = (...sources) =>
        sources.reduce((before, source) => before.then(() => load(source)), Promise.resolve());
      this.inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      load(new URL(url, location.href).href).then(() => {
        for (const data of this.waiting) this.tell(data);
        this.waiting = null;
      });
    }

    postMessage(data) {
      if (this.waiting) this.waiting.push(data);
      else this.tell(data);
    }

    tell(data) {
      this.inner.dispatchEvent(new this.inner.MessageEvent("message", { data }));
    }

    terminate() {}
  };
}
