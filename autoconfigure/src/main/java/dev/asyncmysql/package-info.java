/**
 * What an application implements, injects or catches: settings, providers, customizers,
 * exceptions.
 */
@NullMarked
package dev.asyncmysql;

import org.jspecify.annotations.NullMarked;
