// Page: one view of the dashboard. A page is made for a path and kept while that path is shown (and
// a few after it, for the back button). Thread: the one thread. Owns: its own state.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "web/pages/route.h"
#include "web/widgets/ui.h"

namespace web {

class App;

struct Frame {
  App& app;
  Rect area;  // of the panel
  const Route& route;
};

class Page {
 public:
  virtual ~Page() = default;
  void draw(Frame& frame) { draw_content(frame); }
  virtual std::string title(App& app) = 0;
  virtual void on_file(App&, const std::string& /*name*/, const std::string& /*text*/) {}
  virtual bool unsaved() const { return false; }

 protected:
  virtual void draw_content(Frame& frame) = 0;
};

struct PageDef {
  std::string pattern;  // "clusters", "c/*", "c/*/r/*/*"
  std::function<std::unique_ptr<Page>(const Route&)> make;
};

class PageSet {
 public:
  void add(std::string pattern, std::function<std::unique_ptr<Page>(const Route&)> make) {
    defs_.push_back({std::move(pattern), std::move(make)});
  }
  const PageDef* match(const Route& route) const;

 private:
  std::vector<PageDef> defs_;
};

std::string kind_label(const ApiKind& kind);  // Deployments, NetworkPolicies
void register_pages(PageSet& set);
std::unique_ptr<Page> make_not_found(std::string title, std::string words);

}  // namespace web
