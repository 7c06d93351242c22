// ObjectPage: one object of a cluster: what it is, its YAML, its events; kept true by a watch.
// object.cpp has what it does, object_parts.cpp what it shows. Thread: the one thread. Owns: the
// object as last seen, the watch, the text being edited.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "web/client/lifetime.h"
#include "web/pages/actions.h"
#include "web/pages/app.h"
#include "web/pages/delete_dialog.h"
#include "web/pages/object_yaml.h"
#include "web/pages/related.h"
#include "web/pages/usage.h"

namespace web {

class ObjectPage final : public Page {
 public:
  explicit ObjectPage(const Route& r)
      : cluster_(r.part(1)),
        group_(r.part(3) == "core" ? "" : r.part(3)),
        plural_(r.part(4)),
        ns_(r.part(5) == "_" ? "" : r.part(5)),
        name_(r.part(6)) {}
  ~ObjectPage() override {
    if (app_ != nullptr) app_->api.cancel(watch_);
  }
  std::string title(App&) override { return name_; }
  bool unsaved() const override { return yaml_.dirty(); }

 private:
  void draw_content(Frame& f) override;
  void load();
  void watch();
  void take_watch(std::string_view bytes);
  void load_events();
  void more_menu(const ImVec2& at, bool live, std::string_view why);
  void head(const Rect& r);
  void overview(const Rect& r);
  float details(float x, float y, float w);
  float tags(float x, float y, float w, const char* title, const char* field);
  float containers(float x, float y, float w);
  float conditions(float x, float y, float w);
  float data(float x, float y, float w);
  void events(const Rect& r);
  void ask_delete();
  void phone_items(bool live, std::string_view why);
  float head_buttons(const Rect& r);
  void draw_tabs(Frame& f);
  bool has_pods() const { return !pod_query(kind_, object_).empty(); }
  std::string state(Tone* tone) const;
  std::string url() const { return app_->cluster(cluster_).base + kind_.object_path(ns_, name_); }

  std::string cluster_, group_, plural_, ns_, name_;
  App* app_ = nullptr;
  ApiKind kind_;
  bool known_ = false, asked_ = false, gone_ = false;
  Lifetime alive_;
  Json object_;
  std::string error_, rest_;
  RequestId watch_ = 0;
  double again_at_ = -1;
  ObjectYaml yaml_;
  DeleteDialog delete_;
  std::vector<Json> events_;
  bool events_loaded_ = false;
  double events_at_ = -1e9;
  ScaleDialog scale_;
  PodsOf pods_;
  Related related_;
  Usage usage_;
  std::map<std::string, bool> revealed_;
};

}  // namespace web
