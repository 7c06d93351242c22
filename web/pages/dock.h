// Dock: logs and shells under the page, in tabs, in one or two panels beside each other. It
// outlives navigation. Thread: the one thread. Owns: its tabs and their streams.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "web/widgets/ui.h"

namespace web {

class App;

class DockTab {
 public:
  virtual ~DockTab() = default;
  virtual std::string label() = 0;
  virtual std::string key() const = 0;  // an equal tab is shown instead of a second one
  virtual uint32_t icon_code() const = 0;
  virtual void draw(App& app, const Rect& area) = 0;
  virtual bool wants_keys() const { return false; }  // a shell with the focus
  virtual bool paste(std::string_view) { return false; }
};

class Dock {
 public:
  explicit Dock(App& app) : app_(app) {}
  void add(std::unique_ptr<DockTab> tab, int panel);  // 0 left, 1 right
  bool empty() const { return panels_[0].tabs.empty() && panels_[1].tabs.empty(); }
  bool takes_keys() const;
  bool paste(std::string_view text);
  float height(float room);  // 0 while empty
  void draw(const Rect& area);
  void draw_splitter(const Rect& gap, float room);
  void toggle() { folded_ = !folded_; }

 private:
  struct Panel {
    std::vector<std::unique_ptr<DockTab>> tabs;
    int current = 0;
  };
  void draw_panel(Panel& panel, const Rect& r, int index);
  App& app_;
  Panel panels_[2];
  float height_ = tokens::kShellDockDefault;
  float split_ = 0.54f;
  bool folded_ = false;
};

struct PodRef {
  std::string cluster, ns, pod;
  std::vector<std::string> containers;
};
void open_pod_log(App& app, const PodRef& pod, const std::string& container = {});
void open_pod_shell(App& app, const PodRef& pod, const std::string& container = {});

}  // namespace web
