package dev.asyncmysql;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.beans.factory.annotation.Qualifier;

/**
 * Marks a bean of a general type as meant for the MySQL connection. The driver takes four
 * objects that no property can carry: a {@code reactor.netty.resources.LoopResources}, an
 * {@code io.netty.resolver.AddressResolverGroup}, a
 * {@code javax.net.ssl.HostnameVerifier} and a
 * {@code Function<SslContextBuilder, SslContextBuilder>} of Netty. Beans of these types
 * may serve an HTTP client as well; only those with this annotation reach the driver.
 */
@Target({ ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER, ElementType.TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Qualifier
public @interface AsyncMySql {

}
