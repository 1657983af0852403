// Asks the explorer.

/** A JSON answer. A refusal is an error with the explorer's own words. */
export const get = async (path, parameters, signal) => {
  const response = await fetch(`${path}?${new URLSearchParams(parameters)}`, { signal });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? response.statusText);
  return answer;
};

/** Calls `heard` with each overview, and `lost` when there are none for the time being. */
export const listen = (heard, lost) => {
  const source = new EventSource('api/live');
  source.onmessage = ({ data }) => heard(JSON.parse(data));
  // The browser connects again by itself, unless the server refuses.
  source.onerror = () => {
    lost();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(heard, lost), 2_000);
  };
};
