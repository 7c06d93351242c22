// Members: who has which role in a cluster or in a project, as a page of the cluster and as a tab
// of a project's page; adding, changing and removing. Thread: the one thread. Owns: the list, what
// the dialogs hold.
#pragma once

#include <string>

#include "web/pages/delete_dialog.h"
#include "web/pages/list_page.h"
#include "web/pages/people.h"
#include "web/pages/simple_list.h"

namespace web {

class Members {
 public:
  enum class Of { kCluster, kProject };
  Members(Of of, std::string id);
  // The bindings themselves; asked for when first looked at.
  Collection& bindings(App& app);
  void add();
  // The list in `r` and the dialogs over it.
  void draw(App& app, const Rect& r, std::string_view filter);

 private:
  void collect(App& app);
  void menu(const std::string& id);
  void dialog(App& app);
  float choose_role(App& app, float x, float y, float w, float h);
  void save(App& app);
  std::string_view context() const { return of_ == Of::kCluster ? "cluster" : "project"; }

  Of of_;
  std::string id_;
  App* app_ = nullptr;
  SimpleList list_;
  DeleteDialog remove_;
  PersonPicker picker_;
  std::string role_, changing_, error_, role_filter_;  // `changing_`: the binding's id
  std::string seen_;
  bool opening_ = false, busy_ = false, done_ = false;
  Lifetime alive_;
};

Collection& role_templates(App& app);
std::string role_name(App& app, std::string_view id);
std::string role_href(std::string_view id);

}  // namespace web
