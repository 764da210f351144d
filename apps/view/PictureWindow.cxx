// SPDX-License-Identifier: Apache-2.0
#include "view/PictureWindow.h"

#include "common/cli/CommandLineError.h"

#include <vtkCallbackCommand.h>
#include <vtkCamera.h>
#include <vtkImageActor.h>
#include <vtkImageData.h>
#include <vtkImageMapper3D.h>
#include <vtkInteractorStyle.h>
#include <vtkNew.h>
#include <vtkObjectFactory.h>
#include <vtkRenderWindow.h>
#include <vtkRenderWindowInteractor.h>
#include <vtkRenderer.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

namespace gnrapp
{
namespace
{

using Handler = std::function<void()>;

/** Does nothing by itself: VTK's styles give a meaning to every other key. */
class NoStyle : public vtkInteractorStyle
{
public:
  static NoStyle *
  New();
  vtkTypeMacro(NoStyle, vtkInteractorStyle);
  void
  OnChar() override
  {}
};
vtkStandardNewMacro(NoStyle);

void
Observe(vtkObject * object, unsigned long event, Handler & handler)
{
  vtkNew<vtkCallbackCommand> command;
  command->SetClientData(&handler);
  command->SetCallback([](vtkObject *, unsigned long, void * data, void *) { (*static_cast<Handler *>(data))(); });
  object->AddObserver(event, command);
}

} // namespace

void
CheckDisplay()
{
#if defined(__unix__) && !defined(__APPLE__)
  const char * const display = std::getenv("DISPLAY");
  if (display == nullptr || *display == '\0')
  {
    throw CommandLineError(
      "--interactive: there is no display (DISPLAY is not set). Leave it out to write the picture, "
      "or log in with a display (ssh -X)");
  }
#endif
}

void
ShowWindow(QualityPicture & picture)
{
  const Canvas &        page = picture.Page();
  vtkNew<vtkImageActor> actor;
  actor->GetMapper()->SetInputData(page.Image());
  vtkNew<vtkRenderer> renderer;
  renderer->SetBackground(1, 1, 1);
  renderer->AddActor(actor);
  vtkCamera * const camera = renderer->GetActiveCamera();
  camera->ParallelProjectionOn();
  const double x = (page.Width() - 1) / 2.0;
  const double y = (page.Height() - 1) / 2.0;
  camera->SetFocalPoint(x, y, 0);
  camera->SetPosition(x, y, 1000);
  camera->SetParallelScale(page.Height() / 2.0);

  vtkNew<vtkRenderWindow> window;
  window->AddRenderer(renderer);
  window->SetWindowName("gnr-view: click or wheel moves the planes, r resets, q ends");
  const int * const screen = window->GetScreenSize();
  const double      share = std::min({ 1.0, 0.9 * screen[0] / page.Width(), 0.9 * screen[1] / page.Height() });
  window->SetSize(static_cast<int>(share * page.Width()), static_cast<int>(share * page.Height()));
  vtkNew<vtkRenderWindowInteractor> interactor;
  vtkNew<NoStyle>                   style;
  interactor->SetInteractorStyle(style);
  interactor->SetRenderWindow(window);

  const VoxelIndex start = picture.Point();
  const auto       moveTo = [&](const VoxelIndex & point) {
    picture.Draw(point);
    page.Image()->Modified();
    window->Render();
  };
  // The page under the mouse, y downwards.
  const auto pixel = [&]() {
    const int * const event = interactor->GetEventPosition();
    renderer->SetDisplayPoint(event[0], event[1], 0);
    renderer->DisplayToWorld();
    const double * const world = renderer->GetWorldPoint();
    return std::array<int, 2>{ static_cast<int>(std::lround(world[0])),
                               page.Height() - 1 - static_cast<int>(std::lround(world[1])) };
  };
  const auto scroll = [&](long voxels) {
    const auto [px, py] = pixel();
    if (const Panel * panel = picture.PanelAt(px, py))
    {
      VoxelIndex         point = picture.Point();
      const unsigned int normal = panel->plane.normal;
      const long         begin = picture.Region().begin[normal];
      point[normal] = std::clamp(point[normal] + voxels, begin, begin + picture.Region().size[normal] - 1);
      moveTo(point);
    }
  };
  Handler click = [&]() {
    const auto [px, py] = pixel();
    if (const Panel * panel = picture.PanelAt(px, py))
    {
      moveTo(picture.VoxelAt(*panel, px, py));
    }
  };
  Handler forward = [&]() { scroll(1); };
  Handler backward = [&]() { scroll(-1); };
  bool    isOpen = true;
  Handler close = [&]() { isOpen = false; };
  Handler key = [&]() {
    const std::string name = interactor->GetKeySym() == nullptr ? "" : interactor->GetKeySym();
    if (name == "q" || name == "Escape")
    {
      isOpen = false;
    }
    else if (name == "r")
    {
      moveTo(start);
    }
  };
  Observe(interactor, vtkCommand::LeftButtonPressEvent, click);
  Observe(interactor, vtkCommand::MouseWheelForwardEvent, forward);
  Observe(interactor, vtkCommand::MouseWheelBackwardEvent, backward);
  Observe(interactor, vtkCommand::KeyPressEvent, key);
  Observe(interactor, vtkCommand::ExitEvent, close);
  window->Render();
  // Not Start(): in VTK 9.1 it crashes when it is ended.
  interactor->Initialize();
  while (isOpen)
  {
    interactor->ProcessEvents();
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
  }
}

} // namespace gnrapp
