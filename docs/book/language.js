// Links each page of a book to the same page in the other language.
'use strict';

{
  const [name, title] = document.documentElement.lang === 'en' ? ['zh', '中文'] : ['en', 'English'];
  const root = new URL(`${path_to_root}./`, location);
  const link = document.createElement('a');
  link.href = new URL(`../${name}/${location.pathname.slice(root.pathname.length)}`, root);
  link.textContent = title;
  document.querySelector('.right-buttons').prepend(link);
}
