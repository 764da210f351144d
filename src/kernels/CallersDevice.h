// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_CallersDevice_h
#define gnr_kernels_CallersDevice_h

namespace gnr
{

/** While one lives, the kernels of a GPU may make theirs the current one of this thread; behind it that of the caller
 * is again, or none. Where no GPU is used it does nothing. */
class CallersDevice
{
public:
  CallersDevice();
  ~CallersDevice();
  CallersDevice(const CallersDevice &) = delete;
  CallersDevice &
  operator=(const CallersDevice &) = delete;

  /** The plugin was opened: what is current now is the caller's. */
  static void
  pluginOpened();

private:
  void
  remember();

  CallersDevice * const outer_;
  bool                  isKnown_ = false;
  void *                context_ = nullptr; ///< of the driver; null: none
};

} // namespace gnr

#endif
