#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Second stage of the images: installs the packages that /opt/gnr needs, which the first stage listed.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
xargs apt-get install -y --no-install-recommends </opt/gnr/packages
rm -rf /var/lib/apt/lists/*
