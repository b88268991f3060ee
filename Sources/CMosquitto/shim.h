#pragma once
// libmosquitto's public header; nothing in it is variadic, so it is used as it stands.
#include <mosquitto.h>
#include <mqtt_protocol.h>
