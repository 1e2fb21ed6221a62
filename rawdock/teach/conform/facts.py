"""What a real engine answers to the scenarios of `rawdock conform`: status, type, framing, shape of the body.

They were recorded with `rawdock conform --record` from dockerd 20.10.24+dfsg1 (Debian 12, Linux, cgroup v1,
overlay2) at API 1.41: facts recorded from another engine would replace these. Steps with equal facts were
then put into one line, and large objects that come again given a name.

A line has the names of one step or more, with commas between them, and then those four; a line that begins
with blanks continues the one before. In a shape, s is a string, n a number, b true or false, null a value
that was missing, and * any key. @NAME is the object in the line @NAME above, or in that of the step NAME;
@NAME+{...} is that object with these keys added or changed.
"""

CONFORM_SOURCE = "dockerd 20.10.24+dfsg1"
# ==== table begin: facts
CONFORM_FACTS = r"""
[the engine itself]
ping 200 text/plain;charset=utf-8 length text
head 200 text/plain;charset=utf-8 none nothing
version,version-1.0 200 application/json sized {ApiVersion:s,Arch:s,BuildTime:s,GitCommit:s,GoVersion:s,KernelVersion:s,MinAPIVersion:s,Os:s,Platform:{Name:s},Version:s}
@RegistryConfig {AllowNondistributableArtifactsCIDRs:[null],AllowNondistributableArtifactsHostnames:[null],IndexConfigs:{*:{Mirrors:[s],Name:s,Official:b,Secure:b}},InsecureRegistryCIDRs:[s],
    Mirrors:[s]}
info 200 application/json sized {Architecture:s,BridgeNfIp6tables:b,BridgeNfIptables:b,CPUSet:b,CPUShares:b,CgroupDriver:s,CgroupVersion:s,ContainerdCommit:{Expected:s,ID:s},Containers:n,
    ContainersPaused:n,ContainersRunning:n,ContainersStopped:n,CpuCfsPeriod:b,CpuCfsQuota:b,Debug:b,DefaultRuntime:s,DockerRootDir:s,Driver:s,ExperimentalBuild:b,GenericResources:null,HttpProxy:s,
    HttpsProxy:s,ID:s,IPv4Forwarding:b,Images:n,IndexServerAddress:s,InitBinary:s,InitCommit:{Expected:s,ID:s},Isolation:s,KernelVersion:s,Labels:[null],LiveRestoreEnabled:b,LoggingDriver:s,
    MemTotal:n,MemoryLimit:b,NCPU:n,NEventsListener:n,NFd:n,NGoroutines:n,Name:s,NoProxy:s,OSType:s,OSVersion:s,OomKillDisable:b,OperatingSystem:s,PidsLimit:b,Plugins:{Authorization:null,Log:[s],
    Network:[s],Volume:[s]},RegistryConfig:@RegistryConfig,RuncCommit:{Expected:s,ID:s},Runtimes:{*:{path:s}},ServerVersion:s,SwapLimit:b,Swarm:{ControlAvailable:b,Error:s,LocalNodeState:s,NodeAddr:s,
    NodeID:s,RemoteManagers:null},SystemTime:s}
@Images {Containers:n,Created:n,Id:s,Labels:{*:s},ParentId:s,RepoDigests:[s],RepoTags:[s],SharedSize:n,Size:n,VirtualSize:n}
usage 200 application/json sized {BuildCache:null,BuilderSize:n,Containers:[null],Images:[@Images],LayersSize:n,Volumes:[null]}
no-such-path 404 application/json length {message:s}
too-new 400 application/json length {message:s}
bad-filter 500 application/json length {message:s}
empty-list 200 application/json length [null]
typed-by-hand 200 text/plain;charset=utf-8 sized text
[an image]
pull 200 application/json chunked {messages:{id:s,status:s}}
@Config {AttachStderr:b,AttachStdin:b,AttachStdout:b,Cmd:[s],Domainname:s,Entrypoint:null,Env:[s],Hostname:s,Image:s,Labels:{*:s},OnBuild:null,OpenStdin:b,StdinOnce:b,Tty:b,User:s,Volumes:null,
    WorkingDir:s}
@ContainerConfig @Config+{Cmd:null,Env:null,Labels:null}
inspect 200 application/json sized {Architecture:s,Author:s,Comment:s,Config:@Config,Container:s,ContainerConfig:@ContainerConfig,Created:s,DockerVersion:s,GraphDriver:{Data:{*:s},Name:s},Id:s,
    Metadata:{LastTagTime:s},Os:s,Parent:s,RepoDigests:[s],RepoTags:[s],RootFS:{Layers:[s],Type:s},Size:n,VirtualSize:n}
list 200 application/json sized [@Images]
echo-and-nc 200 application/json sized [null]
history 200 application/json sized [{Comment:s,Created:n,CreatedBy:s,Id:s,Size:n,Tags:[s]}]
tag 201 - length nothing
bad-tag 500 application/json length {message:s}
untag 200 application/json length [{Untagged:s}]
missing,not-tagged,not-deleted 404 application/json length {message:s}
[a container's life]
create 201 application/json length {Id:s}
@HostConfig {AutoRemove:b,Binds:null,BlkioDeviceReadBps:null,BlkioDeviceReadIOps:null,BlkioDeviceWriteBps:null,BlkioDeviceWriteIOps:null,BlkioWeight:n,BlkioWeightDevice:null,CapAdd:null,CapDrop:null,
    Cgroup:s,CgroupParent:s,CgroupnsMode:s,ConsoleSize:[n],ContainerIDFile:s,CpuCount:n,CpuPercent:n,CpuPeriod:n,CpuQuota:n,CpuRealtimePeriod:n,CpuRealtimeRuntime:n,CpuShares:n,CpusetCpus:s,
    CpusetMems:s,DeviceCgroupRules:null,DeviceRequests:null,Devices:null,Dns:null,DnsOptions:null,DnsSearch:null,ExtraHosts:null,GroupAdd:null,IOMaximumBandwidth:n,IOMaximumIOps:n,IpcMode:s,
    Isolation:s,Links:null,LogConfig:{*:mixed},MaskedPaths:[s],Memory:n,MemoryReservation:n,MemorySwap:n,MemorySwappiness:null,NanoCpus:n,NetworkMode:s,OomKillDisable:b,OomScoreAdj:n,PidMode:s,
    PidsLimit:null,PortBindings:null,Privileged:b,PublishAllPorts:b,ReadonlyPaths:[s],ReadonlyRootfs:b,RestartPolicy:{MaximumRetryCount:n,Name:s},SecurityOpt:null,ShmSize:n,UTSMode:s,Ulimits:null,
    UsernsMode:s,VolumeDriver:s,VolumesFrom:null}
@Networks {Aliases:null,DriverOpts:null,EndpointID:s,Gateway:s,GlobalIPv6Address:s,GlobalIPv6PrefixLen:n,IPAMConfig:null,IPAddress:s,IPPrefixLen:n,IPv6Gateway:s,Links:null,MacAddress:s,NetworkID:s}
@NetworkSettings {Bridge:s,EndpointID:s,Gateway:s,GlobalIPv6Address:s,GlobalIPv6PrefixLen:n,HairpinMode:b,IPAddress:s,IPPrefixLen:n,IPv6Gateway:s,LinkLocalIPv6Address:s,LinkLocalIPv6PrefixLen:n,
    MacAddress:s,Networks:{*:@Networks},Ports:{*:null},SandboxID:s,SandboxKey:s,SecondaryIPAddresses:null,SecondaryIPv6Addresses:null}
@State {Dead:b,Error:s,ExitCode:n,FinishedAt:s,OOMKilled:b,Paused:b,Pid:n,Restarting:b,Running:b,StartedAt:s,Status:s}
created 200 application/json chunked {AppArmorProfile:s,Args:[s],Config:@Config,Created:s,Driver:s,ExecIDs:null,GraphDriver:{Data:{*:s},Name:s},HostConfig:@HostConfig,HostnamePath:s,HostsPath:s,Id:s,
    Image:s,LogPath:s,MountLabel:s,Mounts:[null],Name:s,NetworkSettings:@NetworkSettings,Path:s,Platform:s,ProcessLabel:s,ResolvConfPath:s,RestartCount:n,State:@State}
name-taken,pause-again,paused-exec,delete-it,kill-stopped,top-stopped,pause-stopped,exec-stopped 409 application/json length {message:s}
no-image,delete-again,missing,not-started,not-stopped,not-killed,not-awaited,not-renamed 404 application/json length {message:s}
bad-name,bad-resize,bad-update,same-name,no-name,bad-signal 400 application/json length {message:s}
no-config,bad-json,wrong-kind,unpause-again 500 application/json length {message:s}
start,rename,rename-back,pause,unpause,restart,stop,delete 204 - none nothing
start-again,stop-again 304 - none nothing
@HostConfig' @HostConfig+{Runtime:s}
running,paused,stopped 200 application/json chunked @created+{HostConfig:@HostConfig'}
running-1.0 200 application/json close @running
with-size 200 application/json chunked @running+{SizeRootFs:n,SizeRw:n}
@listed {Command:s,Created:n,HostConfig:{NetworkMode:s},Id:s,Image:s,ImageID:s,Labels:{*:s},Mounts:[null],Names:[s],NetworkSettings:{Networks:{*:@Networks}},Ports:[null],State:s,Status:s}
listed 200 application/json length [@listed]
@listed-size @listed+{SizeRootFs:n}
listed-size 200 application/json length [@listed-size]
top 200 application/json length {Processes:[[s]],Titles:[s]}
@cpu_stats {cpu_usage:{total_usage:n,usage_in_kernelmode:n,usage_in_usermode:n},online_cpus:n,system_cpu_usage:n,throttling_data:{periods:n,throttled_periods:n,throttled_time:n}}
@precpu_stats {cpu_usage:{total_usage:n,usage_in_kernelmode:n,usage_in_usermode:n},throttling_data:{periods:n,throttled_periods:n,throttled_time:n}}
stats 200 application/json length {cpu_stats:@cpu_stats,id:s,name:s,num_procs:n,pids_stats:{current:n},precpu_stats:@precpu_stats,preread:s,read:s,storage_stats:{}}
changes 200 application/json length null
resize 200 - length nothing
update 200 application/json length {}
stats-stopped 200 application/json length @stats+{cpu_stats:@precpu_stats,pids_stats:{}}
wait,bad-wait 200 application/json chunked {Error:null,StatusCode:n}
[output: attach, wait, logs]
create 201 application/json length {Id:s}
no-log,tail,since,until 200 - chunked nothing
attach,replayed 101 application/vnd.docker.raw-stream upgrade held
plain 200 application/vnd.docker.raw-stream upgrade held
wait 200 application/json chunked held
start 204 - none nothing
read-attach,read-replayed 101 - upgrade {stream 1:4 bytes,stream 2:6 bytes}
read-plain 200 - upgrade {stream 1:4 bytes,stream 2:6 bytes}
read-wait 200 - chunked {Error:null,StatusCode:n}
logs,followed 200 - chunked {stream 1:4 bytes,stream 2:6 bytes}
logs-1.0 200 - close {stream 1:4 bytes,stream 2:6 bytes}
one-stream 200 - chunked {stream 2:6 bytes}
stamped 200 - chunked {stream 1:35 bytes}
no-stream 400 application/json length {message:s}
no-logs-of 404 application/json length {message:s}
no-attach 404 application/vnd.docker.raw-stream close held
read-refusal 404 - close text
[input, and its half-close]
create 201 application/json length {Id:s}
attach 101 application/vnd.docker.raw-stream upgrade held
start 204 - none nothing
read 101 - upgrade {stream 1:6 bytes}
wait 200 application/json chunked {Error:null,StatusCode:n}
[a terminal]
create 201 application/json length {Id:s}
attach 101 application/vnd.docker.raw-stream upgrade held
start 204 - none nothing
read 101 - upgrade {terminal:11 bytes}
wait 200 application/json chunked {Error:null,StatusCode:n}
logs 200 - chunked {terminal:11 bytes}
[exec]
create,exec,cat,terminal,detached 201 application/json length {Id:s}
start,delete 204 - none nothing
ready 200 application/json length {CanRemove:b,ContainerID:s,DetachKeys:s,ExitCode:null,ID:s,OpenStderr:b,OpenStdin:b,OpenStdout:b,Pid:n,ProcessConfig:{arguments:[s],entrypoint:s,privileged:b,tty:b},
    Running:b}
run,run-cat,run-terminal 101 application/vnd.docker.raw-stream upgrade held
read 101 - upgrade {stream 1:4 bytes,stream 2:6 bytes}
ran 200 application/json length @ready+{ExitCode:n}
run-again 409 application/json length {message:s}
read-cat 101 - upgrade {stream 1:6 bytes}
read-terminal 101 - upgrade {terminal:4 bytes}
run-detached 200 - length nothing
no-command 400 application/json length {message:s}
no-container,no-exec,no-exec-start 404 application/json length {message:s}
[what cannot run]
create 201 application/json length {Id:s}
start 400 application/json length {message:s}
failed 200 application/json chunked @running+{Args:[null]}
delete 204 - none nothing
[archives]
create 201 application/json length {Id:s}
put 200 - length nothing
stat 200 - none {body:nothing,path stat:{linkTarget:s,mode:n,mtime:s,name:s,size:n}}
get 200 application/x-tar length {body:[tar of hello.txt],path stat:{linkTarget:s,mode:n,mtime:s,name:s,size:n}}
get-folder 200 application/x-tar chunked {body:[tar of conform and conform/hello.txt],path stat:{linkTarget:s,mode:n,mtime:s,name:s,size:n}}
changes 200 application/json length [{Kind:n,Path:s}]
export 200 application/octet-stream chunked tar
put-nowhere,get-nothing,no-container 404 application/json length {message:s}
put-in-file,put-garbage 500 application/json length {message:s}
stat-nothing 404 application/json none nothing
no-path 400 application/json length {message:s}
[volumes]
create,create-again 201 application/json length {CreatedAt:s,Driver:s,Labels:{*:s},Mountpoint:s,Name:s,Options:null,Scope:s}
bad-name 400 application/json length {message:s}
inspect 200 application/json length {CreatedAt:s,Driver:s,Labels:{*:s},Mountpoint:s,Name:s,Options:null,Scope:s}
list 200 application/json length {Volumes:[{CreatedAt:s,Driver:s,Labels:{*:s},Mountpoint:s,Name:s,Options:null,Scope:s}]}
user 201 application/json length {Id:s}
@HostConfig'' @HostConfig'+{Binds:[s]}
used 200 application/json chunked @failed+{HostConfig:@HostConfig'',Mounts:[{Destination:s,Driver:s,Mode:s,Name:s,Propagation:s,RW:b,Source:s,Type:s}]}
in-use 409 application/json length {message:s}
delete-user,delete,forced 204 - none nothing
delete-again,missing 404 application/json length {message:s}
[networks]
create 201 application/json length {Id:s,Warning:s}
name-taken 409 application/json length {message:s}
@Network {Attachable:b,ConfigFrom:{Network:s},ConfigOnly:b,Containers:{*:null},Created:s,Driver:s,EnableIPv6:b,IPAM:{Config:[{Gateway:s,Subnet:s}],Driver:s,Options:null},Id:s,Ingress:b,Internal:b,
    Labels:{*:s},Name:s,Options:{*:null},Scope:s}
inspect 200 application/json length @Network
list 200 application/json length [@Network]
built-in 200 application/json length @Network+{Labels:{*:null},Options:{*:s}}
user 201 application/json length {Id:s}
start,delete-user,delete 204 - none nothing
@Networks' @Networks+{Aliases:[s]}
@NetworkSettings' @NetworkSettings+{Networks:{*:@Networks'}}
used 200 application/json chunked @running+{NetworkSettings:@NetworkSettings'}
its-users 200 application/json length @Network+{Containers:{*:{EndpointID:s,IPv4Address:s,IPv6Address:s,MacAddress:s,Name:s}}}
in-use,connect-twice 403 application/json length {message:s}
nobody,nowhere,delete-again,missing 404 application/json length {message:s}
disconnect,connect 200 - length nothing
not-connected 500 application/json length {message:s}
[events]
create 201 application/json length {Id:s}
start 204 - none nothing
wait 200 application/json chunked {Error:null,StatusCode:n}
events 200 application/json chunked {messages:{Action:s,Actor:{Attributes:{*:s},ID:s},Type:s,from:s,id:s,scope:s,status:s,time:n,timeNano:n}}
events-1.0 200 application/json close @events
none 200 application/json chunked nothing
bad-order 400 application/json length {message:s}
bad-time 500 application/json length {message:s}
"""
# ==== table end
