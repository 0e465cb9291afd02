// Asks the site for data while a page is open. Null when there are none to get: the site is away,
// refuses, or leads to the login page, which is no data; also when the question was called back.

export async function ask(url, options) {
  try {
    const response = await fetch(url, { redirect: "manual", ...options });
    return response.ok ? response : null;
  } catch {
    return null;
  }
}
