// Every page by its line in all.inc.
#include "web/pages/page.h"

namespace web {

#define PAGE(name) void register_##name(PageSet& set);
#include "web/pages/all.inc"
#undef PAGE

void register_pages(PageSet& set) {
#define PAGE(name) register_##name(set);
#include "web/pages/all.inc"
#undef PAGE
}

const PageDef* PageSet::match(const Route& route) const {
  for (const PageDef& def : defs_) {
    std::string_view p = def.pattern;
    size_t i = 0;
    bool fits = true;
    while (fits && !p.empty()) {
      const size_t end = p.find('/');
      const std::string_view word = p.substr(0, end);
      fits = i < route.parts.size() && (word == "*" || word == route.parts[i]);
      p = end == p.npos ? std::string_view() : p.substr(end + 1);
      i++;
    }
    if (fits && i == route.parts.size()) return &def;
  }
  return nullptr;
}

}  // namespace web
