/* SPDX-License-Identifier: MIT */
/* The installed descriptions of the interfaces, as texts; the files are in xml/. */
#pragma once

extern const char xml_assistant1[], xml_request1[], xml_adapters1[], xml_models1[],
	xml_context1[], xml_home1[], xml_tools1[], xml_grants1[], xml_toolprovider1[],
	xml_agents1[], xml_agent1[],
	xml_timers1[], xml_training1[];
